import type { LimitStore } from '../../../src/limits/limit-store.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import type { RecordStore } from '../../../src/limits/record-store.ts';

/** The fault of the next calls. `lost`: they run, and their reply is an error. */
export type Fault = 'none' | 'error' | 'lost' | 'hang' | 'late' | { readonly lateMs: number };

/** A store like one on a server: it can fail, hang, and reply when nobody waits any more. */
export interface FaultyStore {
  readonly store: LimitStore;
  /** The real counts. */
  readonly truth: LimitStore;
  fault: Fault;
  /** The error to throw. */
  failure: unknown;
  /** Calls that reached the store, by method. */
  readonly calls: string[];
  /** Resumes hanging calls; `late` ones ran when they arrived, `hang` ones run now. */
  thaw(): Promise<void>;
}

export function createFaultyStore(truth: LimitStore = memoryLimits()): FaultyStore {
  let frozen: (() => void)[] = [];
  const records = truth.records as RecordStore;
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
      records: {
        read: (...args) => run('read', () => records.read(...args)),
        write: (...args) => run('write', () => records.write(...args)),
        remove: (...args) => run('remove', () => records.remove(...args)),
      },
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
