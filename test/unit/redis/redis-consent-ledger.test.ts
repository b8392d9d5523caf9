import { describe, expect, it } from 'vitest';
import { ConfigurationError, StoreError } from '../../../src/errors.ts';
import { redisConsentLedger } from '../../../src/redis/redis-consent-ledger.ts';
import { CANARY_NUMBER, CANARY_TEXT, expectNoCanary } from '../../support/canary.ts';
import { countingSignal } from '../../support/counting-signal.ts';
import { readAll } from '../../support/read-all.ts';
import { failureOf } from '../../support/transport.ts';

const out = { state: 'opted-out', scope: 'all', source: 'inbound-sms' } as const;
const change = { key: CANARY_NUMBER, ...out, at: 1, text: CANARY_TEXT };

/** A ledger over a server that gives every script this reply. */
function over(answer: () => Promise<unknown>, info: () => Promise<unknown> = async () => '') {
  return redisConsentLedger({ client: { evalsha: answer, eval: answer, call: info } });
}
const answering = (answer: unknown) => over(async () => answer);
const failing = (error: unknown) => over(() => Promise.reject(error));

describe('redisConsentLedger', () => {
  const client = { evalsha: async () => 1, eval: async () => 1, call: async () => '' };
  it.each<[string, string, object]>([
    ['no client', 'client', {}],
    ['a client of another kind', 'client', { client: { get() {} } }],
    ['an unknown option', 'nam', { client, nam: 'x' }],
    ['a name with braces', 'name', { client, name: 'a}b' }],
    ['an empty name', 'name', { client, name: '' }],
  ])('refuses %s', (_, option, options) => {
    const make = () => redisConsentLedger(options as never);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(expect.objectContaining({ option }));
  });

  it('asks nothing for no keys, and writes nothing for no changes', async () => {
    const ledger = over(() => expect.unreachable());
    expect(await ledger.get([])).toEqual([]);
    await ledger.append([]);
  });

  it.each<[string, unknown]>([
    ['no list', 'x'],
    ['a list of something else', [5]],
    ['too many', ['', '']],
    ['no JSON', ['{']],
    ['no entry', [JSON.stringify({ ...out, at: 1, state: 'maybe' })]],
  ])('an answer that is %s is neither a yes nor a no', async (_, answer) => {
    expect(await failureOf(answering(answer).get(['+1']))).toBeInstanceOf(StoreError);
  });

  it('a history or a list that holds something else fails as well', async () => {
    const ledger = answering([`${'0'.repeat(16)}oa{`]);
    expect(await failureOf(ledger.history('+1'))).toBeInstanceOf(StoreError);
    expect(await failureOf(readAll(ledger.entries()))).toBeInstanceOf(StoreError);
  });

  it.each<[string, unknown, RegExp]>([
    [
      'a server that is full',
      new Error(`OOM command not allowed ${CANARY_NUMBER}`),
      / has reached maxmemory \(OOM\)\. .* Nothing was recorded\.$/,
    ],
    [
      'a replica',
      new Error(`READONLY ${CANARY_TEXT}`),
      / is a replica \(READONLY\)\. .* Nothing was recorded\.$/,
    ],
    ['a lost connection', new Error(`Connection is closed ${CANARY_NUMBER}`), /\(no reply\)\. It is unknown/],
    // A script that ran did not report its writes before it failed, and a client library's own code is not the
    // server's.
    [
      'a script that broke off',
      new Error(`ERR Error running script ${CANARY_NUMBER}`),
      /\(no reply\)\. It is unknown/,
    ],
    ["a client's time limit", new Error(`ETIMEDOUT ${CANARY_NUMBER}`), /\(no reply\)\. It is unknown/],
    ['something that is no error', CANARY_NUMBER, /\(no reply\)\. It is unknown/],
  ])('%s: says so, and nothing of a person', async (_, reason, message) => {
    for (const write of [
      () => failing(reason).append([change]),
      () => failing(reason).forget(CANARY_NUMBER, '#1'),
    ]) {
      const error = await failureOf(write());
      expect(error).toBeInstanceOf(StoreError);
      expect((error as Error).message).toMatch(message);
      expectNoCanary(error);
    }
    const error = await failureOf(failing(reason).get([CANARY_NUMBER]));
    expect((error as Error).message).toMatch(/Nothing was read\.$/);
    expectNoCanary(error);
  });

  it.each<[string, object]>([
    ['a time that is none', { at: Number.NaN }],
    ['a fraction of a millisecond', { at: 1.5 }],
    ['a field that no entry has', { phone: '+1' }],
    ['a question without an end', { state: 'requested' }],
  ])('refuses %s: it could not be read again', async (_, fields) => {
    const ledger = over(() => expect.unreachable());
    const error = await failureOf(ledger.append([change, { ...change, ...fields } as never]));
    expect(error).toMatchObject({ code: 'validation', path: 'changes[1]' });
    expectNoCanary(error);
  });

  it('reads what a client gives as bytes', async () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    const json = JSON.stringify({ ...out, at: 1, text: 'é \ud83d\ude00' });
    expect(await answering([bytes(json)]).get(['+1'])).toEqual([{ ...out, at: 1, text: 'é \ud83d\ude00' }]);
    const evicting = over(
      () => expect.unreachable(),
      async () => bytes('used_memory:1\r\nmaxmemory_policy:allkeys-lru\r\n'),
    );
    expect(await failureOf(evicting.append([change]))).toMatchObject({ code: 'configuration' });
  });

  it('asks once whether the server evicts, and not again', async () => {
    const asked: string[] = [];
    const ledger = redisConsentLedger({
      client: {
        ...client,
        call: async (...words) => {
          asked.push(words.join(' '));
          return 'maxmemory_policy:noeviction\r\n';
        },
      },
    });
    await ledger.append([change]);
    await ledger.append([change]);
    expect(asked).toEqual(['INFO memory']);
  });

  it('a server that does not tell whether it evicts is not refused', async () => {
    let written = 0;
    const ledger = over(
      async () => {
        written += 1;
      },
      () => Promise.reject(new Error('NOPERM')),
    );
    await ledger.append([change]);
    expect(written).toBe(1);
  });

  it('a caller that does not wait any longer gets its own reason, and no listener is left', async () => {
    const forever = over(() => new Promise(() => {}));
    const controller = new AbortController();
    const reading = failureOf(forever.get(['+1'], { signal: controller.signal }));
    controller.abort(new Error('enough'));
    expect(await reading).toMatchObject({ message: 'enough' });
    expect(await failureOf(forever.history('+1', { signal: controller.signal }))).toMatchObject({
      message: 'enough',
    });
    const counting = countingSignal();
    await answering([]).history('+1', { signal: counting.signal });
    expect(counting.listeners).toBe(0);
  });
});
