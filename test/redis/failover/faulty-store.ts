import type { LimitStore } from '../../../src/limits/limit-store.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';

/** What happens to the next calls. `lost`: they are carried out, and the answer is an error. */
export type Fault = 'none' | 'error' | 'lost' | 'hang' | 'late' | { readonly lateMs: number };

/** A store as on a server: it can fail, hang, and answer when nobody waits any more. */
export interface FaultyStore {
  readonly store: LimitStore;
  /** What really is counted there. */
  readonly truth: LimitStore;
  fault: Fault;
  /** What an error is. */
  failure: unknown;
  /** Calls that reached it, by method. */
  readonly calls: string[];
  /** Lets those that hang go on; `late` ones were carried out when they came, `hang` ones are now. */
  thaw(): Promise<void>;
}

export function createFaultyStore(truth: LimitStore = memoryLimits()): FaultyStore {
  let frozen: (() => void)[] = [];
  const faulty: FaultyStore = {
    truth,
    fault: 'none',
    failure: Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:6379'), { code: 'ECONNREFUSED' }),
    calls: [],
    async thaw() {
      const waiting = frozen;
      frozen = [];
      for (const go of waiting) go();
      await new Promise<void>((resolve) => queueMicrotask(resolve));
    },
    store: {
      take: (scope, requests) => run('take', () => truth.take(scope, requests)),
      settle: (scope, settlements) => run('settle', () => truth.settle(scope, settlements)),
      inspect: (scope, rules) => run('inspect', () => truth.inspect(scope, rules)),
      release: (scope, rules) => run('release', () => truth.release(scope, rules)),
    },
  };

  async function run<Reply>(method: string, work: () => Promise<Reply>): Promise<Reply> {
    faulty.calls.push(method);
    const { fault, failure } = faulty;
    if (fault === 'error') throw failure;
    if (fault === 'hang') {
      await new Promise<void>((resolve) => frozen.push(resolve));
      return work();
    }
    const reply = await work();
    if (fault === 'lost') throw failure;
    if (fault === 'late') await new Promise<void>((resolve) => frozen.push(resolve));
    if (typeof fault === 'object') await new Promise((resolve) => setTimeout(resolve, fault.lateMs));
    return reply;
  }

  return faulty;
}
