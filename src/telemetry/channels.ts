import type { SmsEvent } from '../events.ts';
import { builtinModule } from '../internal/builtin-module.ts';
import type { TracedOperation } from './operations.ts';

/** The part of a channel of `node:diagnostics_channel` that is used here. */
interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
  runStores<Result>(message: unknown, work: () => Result): Result;
}

interface ChannelModule {
  channel(name: string): Channel;
}

/** The channels of one kind of operation, which `tracingChannel(name)` subscribes to. */
interface OperationChannels {
  readonly start: Channel;
  readonly end: Channel;
  readonly asyncStart: Channel;
  readonly asyncEnd: Channel;
  readonly error: Channel;
}

/** Publishes to `node:diagnostics_channel`. */
export interface Channels {
  /** Whether anybody subscribed to an operation. */
  readonly areTraced: boolean;
  /** Whether anybody subscribed to the events. */
  readonly areHeard: boolean;
  /** Runs `work` once, as `TracingChannel.tracePromise` does, without showing its result or exception. */
  trace<Result>(operation: TracedOperation, work: () => Promise<Result>): Promise<Result>;
  publish(event: SmsEvent, context: unknown): void;
}

const PREFIX = '8x8-sms-guard';
const KINDS = ['call', 'admission', 'pace', 'attempt', 'store', 'hook', 'webhook'] as const;
const PHASES = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

/** `null`: looked up, and not there. */
let channels: Channels | null | undefined;

/** The channels of this process; undefined in a runtime without them. Loaded on first use. */
export function findChannels(): Channels | undefined {
  channels ??= openChannels() ?? null;
  return channels ?? undefined;
}

function openChannels(): Channels | undefined {
  const module = builtinModule<ChannelModule>('node:diagnostics_channel');
  if (typeof module?.channel !== 'function') return undefined;
  const events = module.channel(`${PREFIX}:event`);
  if (typeof events.runStores !== 'function') return undefined;
  const openPhases = (kind: string) =>
    Object.fromEntries(
      PHASES.map((phase) => [phase, module.channel(`tracing:${PREFIX}:${kind}:${phase}`)]),
    ) as unknown as OperationChannels;
  const byKind = Object.fromEntries(KINDS.map((kind) => [kind, openPhases(kind)])) as Readonly<
    Record<TracedOperation['kind'], OperationChannels>
  >;
  const all = Object.values(byKind).flatMap((phases) => Object.values(phases) as Channel[]);
  return {
    get areTraced() {
      for (const channel of all) if (channel.hasSubscribers) return true;
      return false;
    },
    get areHeard() {
      return events.hasSubscribers;
    },
    trace: (operation, work) => publishPhases(byKind[operation.kind], operation, work),
    publish: (event, context) => events.publish({ event, context }),
  };
}

function publishPhases<Result>(
  { start, end, asyncStart, asyncEnd, error }: OperationChannels,
  operation: TracedOperation,
  work: () => Promise<Result>,
): Promise<Result> {
  const running = start.runStores(operation, work);
  end.publish(operation);
  const finish = (): void => {
    if (operation.errorType !== undefined) error.publish(operation);
    asyncStart.publish(operation);
    asyncEnd.publish(operation);
  };
  return running.then(
    (result) => {
      finish();
      return result;
    },
    (reason) => {
      finish();
      throw reason;
    },
  );
}
