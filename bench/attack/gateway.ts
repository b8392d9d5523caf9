import { createGetMessage } from '../../src/api/message-details.ts';
import { createMessages } from '../../src/api/messages.ts';
import { createReconcile } from '../../src/api/reconcile.ts';
import { createVerifications } from '../../src/api/verifications/verifications.ts';
import { SmsClient } from '../../src/client.ts';
import type { SmsClientOptions } from '../../src/config/options.ts';
import { resolveOptions } from '../../src/config/resolve-options.ts';
import { createClientContext } from '../../src/create-client-context.ts';
import { GuardError } from '../../src/errors.ts';
import type { SmsEvent } from '../../src/events.ts';
import { createGuardsApi } from '../../src/guards/guards-api.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { createEmit } from '../../src/telemetry/create-emit.ts';
import type { Clock } from '../../src/types.ts';
import type { Configuration } from './configurations.ts';
import type { Place } from './places.ts';
import { standInFetch, standInTransport } from './stand-in.ts';

/** A request for a code, as the service hands it to the client. */
export interface CodeRequest {
  readonly destination: string;
  readonly clientIp: string;
  readonly subject?: string | undefined;
  readonly isHuman?: boolean;
  readonly isReturning?: boolean;
  readonly isVerification?: boolean;
}

/** The client's answer to one request. */
export interface CodeAnswer {
  readonly kind: 'sent' | 'refused' | 'captcha' | 'channel';
  readonly umid?: string;
  /** `guard: reason` of a refusal. */
  readonly reason?: string;
  readonly retryAfterMs?: number;
  /** The answer that a guard in monitor mode would have given. */
  readonly observed?: CodeAnswer['kind'];
}

/** The service's side of the client, on a clock that the simulation moves. */
export interface Gateway {
  setTime(nowMs: number): void;
  request(request: CodeRequest): Promise<CodeAnswer>;
  /** The code was entered. */
  report(umid: string, request: CodeRequest): Promise<void>;
  /** The visit ended well without a code. */
  reportOtherWay(destination: string, subject: string | undefined): Promise<void>;
  close(): Promise<void>;
}

function refusalOf(error: unknown): CodeAnswer {
  if (!GuardError.isInstance(error)) throw error;
  const { guard, reason, retryAfterMs } = error;
  const text = `${guard}: ${reason}`;
  const kind = KINDS[reason] ?? 'refused';
  return { kind, reason: text, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

const KINDS: Readonly<Record<string, CodeAnswer['kind']>> = {
  'captcha-needed': 'captcha',
  'other-channel-needed': 'channel',
};

/** The parts of a client that the service uses. */
type Client = Pick<SmsClient, 'messages' | 'verifications' | 'guards' | 'close'>;

interface Options extends SmsClientOptions {
  readonly clock: Clock;
  readonly limits: LimitStore;
}

/** The client as its users create it, with a stand-in for `fetch`. */
function createWireClient(options: Options): Client {
  return new SmsClient({ ...options, fetch: standInFetch(options.clock) });
}

/** The same client without its transport: preparation, guards, limits and results as they are, at half the price. */
function createPipelineClient(options: Options): Client {
  const resolved = resolveOptions(options);
  const { clock, limits } = options;
  const emit = createEmit(resolved.onEvent, clock.now);
  const counting = { limits, scope: resolved.scope, clock, emit };
  const { client, safeguards } = createClientContext(resolved, counting, { pacers: new Map() });
  const withoutNetwork = { ...client, transport: standInTransport(clock) };
  return {
    messages: createMessages(withoutNetwork, {
      get: createGetMessage(withoutNetwork),
      reconcile: createReconcile(withoutNetwork),
    }),
    verifications: createVerifications(withoutNetwork),
    guards: createGuardsApi({ ...client, ...safeguards, phoneDefaults: resolved }),
    close: async () => {},
  };
}

/** The inputs of the options of a service. */
export interface ServiceFacts {
  readonly markets: readonly Place[];
  /** Honest requests per day. */
  readonly size: number;
  readonly startMs: number;
}

export function createGateway(
  configuration: Configuration,
  { markets, size, startMs }: ServiceFacts,
  isOnWire = false,
): Gateway {
  const createClient = isOnWire ? createWireClient : createPipelineClient;
  let nowMs = startMs;
  let observed: Pick<CodeAnswer, 'observed' | 'reason'> = {};
  const clock = { now: () => nowMs, monotonic: () => nowMs - startMs };

  /** The verdict that a guard in monitor mode would have given. */
  function onEvent(event: SmsEvent): void {
    if (event.type !== 'guard-observed') return;
    const { guard, reason } = event.decision;
    observed = { observed: KINDS[reason] ?? 'refused', reason: `${guard}: ${reason}`, ...observed };
  }

  const limits = memoryLimits({ clock });
  const client = createClient({
    apiKey: 'simulated-key',
    subAccountId: 'simulated',
    accountId: 'simulated',
    region: 'apac',
    retry: false,
    pace: false,
    clock,
    limits,
    guards: configuration.guards(markets, size),
    ...(configuration.isMonitor === true && { onEvent }),
  });

  async function write({ isHuman, isReturning, isVerification, ...request }: CodeRequest): Promise<string> {
    const { clientIp, ...rest } = request;
    const visitor = {
      ...rest,
      ...(configuration.passesAddress !== false && { clientIp }),
      ...(isHuman === true && { human: { passed: true } }),
      ...(isReturning === true && { returning: true }),
    };
    if (isVerification === true) return (await client.verifications.start({ ...visitor })).sessionId;
    const sent = await client.messages.send({ ...visitor, text: 'Your code is 4711', purpose: 'otp' });
    return sent.umid;
  }

  return {
    setTime(time) {
      nowMs = time;
    },
    async request(request) {
      observed = {};
      try {
        const umid = await write(request);
        return { kind: 'sent', umid, ...observed };
      } catch (error) {
        return refusalOf(error);
      }
    },
    report: (umid, { destination, subject, clientIp }) =>
      client.messages.feedback(umid, {
        outcome: 'success',
        destination,
        subject,
        ...(configuration.passesAddress !== false && { clientIp }),
      }),
    reportOtherWay: (destination, subject) =>
      client.guards.reportOutcome({ destination, outcome: 'other-way', subject }),
    close: () => client.close(),
  };
}
