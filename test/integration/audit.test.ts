import { afterEach, describe, expect, it, vi } from 'vitest';
import { auditLog } from '../../src/audit/audit-log.ts';
import type { AuditLogOptions } from '../../src/audit/audit-options.ts';
import { memorySalts } from '../../src/audit/salts.ts';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import type { SmsClientOptions } from '../../src/config/options.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { AUDIT_SECRET, recordsOf } from '../support/audit.ts';
import { expectNoCanary } from '../support/canary.ts';
import { numberOf, testClient } from '../support/client.ts';
import { drive } from '../support/drive.ts';
import { textOf } from '../support/inbound.ts';
import { until } from '../support/until.ts';

const destination = numberOf(1);
const code = { destination, text: 'Your code is 4711', purpose: 'otp' } as const;
const secrets = { 1: AUDIT_SECRET };

afterEach(() => {
  vi.useRealTimers();
});

/** A client with an audit log whose lines are kept here. */
function auditedClient(options: SmsClientOptions = {}, logOptions: Partial<AuditLogOptions> = {}) {
  const pieces: string[] = [];
  const errors: unknown[] = [];
  const audit = auditLog({
    secret: AUDIT_SECRET,
    salts: memorySalts(),
    writer: (lines) => void pieces.push(lines),
    onError: (error) => void errors.push(error),
    ...logOptions,
  });
  const records = async () => {
    await audit.flush();
    return recordsOf(pieces.join('')) as { type: string; person?: string; actor?: string; data: object }[];
  };
  return { ...testClient({ audit, ...options }), audit, pieces, errors, records };
}

const typesOf = (records: readonly { type: string }[]) => records.map(({ type }) => type);

describe('a client with an audit log', () => {
  it('records decisions, sends, choices, releases and codes, each about the same person', async () => {
    const consent = { ledger: memoryConsentLedger(), forgetSecret: 'forget-secret-of-the-tests-012345' };
    const { sms, records, pieces } = auditedClient({ guards: { consent } });
    await sms.messages.send(code);
    await sms.messages.send(code).catch(() => {});
    await sms.guards.release(destination, { guard: 'backoff' });
    await sms.consent.handleInbound(textOf('STOP', { source: destination }));
    await sms.consent.forget(destination);
    const all = await records();
    expect(typesOf(all)).toEqual([
      'start',
      'message-admitted',
      'message-sent',
      'message-blocked',
      'limits-released',
      'consent-recorded',
      'consent-forgotten',
    ]);
    expect(all[3]?.data).toMatchObject({ decision: { guard: 'backoff', reason: 'too-soon' }, country: 'SG' });
    expect(new Set(all.slice(1).map(({ person }) => person)).size).toBe(1);
    expect(all[1]?.person).toMatch(/^[\w-]{22}$/);
    expect(pieces.join('')).not.toMatch(/9100000|4711|\*\*/);
    expectNoCanary(pieces.join(''));
    expect(await verifyAudit({ sources: [{ name: 'log', chunks: pieces }], secrets })).toMatchObject({
      ok: true,
    });
  });

  it('leaves nothing by which the log could tell a forgotten person, not even with the secret', async () => {
    const consent = { ledger: memoryConsentLedger(), forgetSecret: 'forget-secret-of-the-tests-012345' };
    const { sms, records, audit, pieces } = auditedClient({ guards: { consent } });
    await sms.messages.send(code);
    const [before] = await audit.personIds(destination);
    await sms.consent.forget(destination);
    expect(await audit.personIds(destination)).toEqual([]);
    await sms.messages.send({ ...code, purpose: 'transactional' });
    const [after] = await audit.personIds(destination);
    expect(after).not.toBe(before);
    const people = (await records()).flatMap(({ person }) => person ?? []);
    expect(people).toEqual([before, before, before, after, after]);
    expect(await verifyAudit({ sources: [{ name: 'log', chunks: pieces }], secrets })).toMatchObject({
      ok: true,
    });
  });

  it('names the agent behind a release', async () => {
    const actorOf = (context: unknown) => (context as { agent: string }).agent;
    const { sms, records } = auditedClient({}, { actorOf });
    await sms.guards.release(destination, {}, { context: { agent: 'support-7' } });
    expect((await records()).at(-1)).toMatchObject({ type: 'limits-released', actor: 'support-7' });
  });

  it('passes the log on to the clients of withOptions', async () => {
    const { sms, records } = auditedClient();
    await sms.withOptions({ guards: { backoff: false } }).messages.send(code);
    expect(typesOf(await records())).toEqual(['start', 'message-admitted', 'message-sent']);
  });

  it('records a number that cannot be read without a person', async () => {
    const { sms, records } = auditedClient();
    await sms.messages.send({ ...code, destination: '123' }).catch(() => {});
    const [, refused] = await records();
    expect(refused).toMatchObject({ type: 'message-blocked' });
    expect(refused?.person).toBeUndefined();
  });
});

describe('a client whose audit log cannot be written', () => {
  const failing = { writer: () => Promise.reject(new Error('disk full')) };

  it('sends by default, and onError of the log gets the error', async () => {
    const { sms, emulator, errors } = auditedClient({}, failing);
    await sms.messages.send(code);
    await until(() => errors.length > 0);
    expect(emulator.messages).toHaveLength(1);
    expect(errors).toEqual([new Error('disk full')]);
  });

  it('raises store-failed for every record that is lost', async () => {
    const { sms, of, audit } = auditedClient();
    await audit.close();
    await sms.messages.send(code);
    expect(of('store-failed')).toMatchObject([{ store: 'audit' }, { store: 'audit' }]);
    expect(of('message-sent')).toHaveLength(1);
  });

  it('refuses with whenUnavailable refuse, sends nothing, and gives back what was taken', async () => {
    const { sms, emulator, of } = auditedClient({}, { ...failing, whenUnavailable: 'refuse' });
    await expect(sms.messages.send(code)).rejects.toMatchObject({
      name: 'StoreError',
      submission: 'not-submitted',
      outage: true,
      message: 'The audit log failed, so no message was admitted. Nothing was sent.',
    });
    expect(emulator.requests).toHaveLength(0);
    expect(of('store-failed')).toMatchObject([{ store: 'audit' }]);
    const { counters } = await sms.guards.inspect(destination, { guard: 'recipient' });
    expect(counters.every(({ count }) => count === 0)).toBe(true);
  });

  it('refuses every message of a batch, and none goes out', async () => {
    const { sms, emulator } = auditedClient({}, { ...failing, whenUnavailable: 'refuse' });
    const messages = [1, 2, 3].map((index) => ({ destination: numberOf(index), text: 'Hello' }));
    const { counts, results } = await sms.messages.sendBatch({ messages });
    expect(counts).toMatchObject({ accepted: 0, failed: 3 });
    expect(
      results.every((result) => result.status === 'failed' && result.error.submission === 'not-submitted'),
    ).toBe(true);
    expect(emulator.requests).toHaveLength(0);
  });

  it('has written that a message was admitted before it leaves', async () => {
    const order: string[] = [];
    const emulated = testClient().emulator;
    const { sms } = auditedClient(
      {
        fetch: (url, init) => {
          order.push('request');
          return emulated.fetch(url, init);
        },
      },
      {
        whenUnavailable: 'refuse',
        writer: async (lines) => {
          await new Promise((resolve) => setImmediate(resolve));
          order.push(...recordsOf(lines).map(({ type }) => String(type)));
        },
      },
    );
    await sms.messages.send(code);
    expect(order.slice(0, 3)).toEqual(['start', 'message-admitted', 'request']);
  });

  it('refuses after five seconds when the log never answers, and looks again at what waited', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const hanging = { record: () => true, ready: () => new Promise<void>(() => {}), forget: async () => {} };
    const { sms, emulator } = auditedClient({ audit: hanging });
    await expect(drive(sms.messages.send(code))).rejects.toMatchObject({ name: 'StoreError' });
    expect(emulator.requests).toHaveLength(0);
  });

  it('sends nothing to a person who opted out while a message waited for the log', async () => {
    let open = () => {};
    const slow = {
      record: () => true,
      ready: () =>
        new Promise<void>((resolve) => {
          open = resolve;
        }),
      forget: async () => {},
    };
    const ledger = memoryConsentLedger();
    const { sms, emulator, clock } = auditedClient({ audit: slow, guards: { consent: { ledger } } });
    await sms.consent.grant(destination, { source: 'web-form' });
    const sending = sms.messages
      .send({ destination, text: 'Offer', purpose: 'marketing' })
      .catch((error: unknown) => error);
    await new Promise((resolve) => setImmediate(resolve));
    await sms.consent.handleInbound(textOf('STOP', { source: destination }));
    clock.advance(1_500);
    open();
    expect(await sending).toMatchObject({ name: 'ConsentError', reason: 'opted-out' });
    expect(emulator.requests).toHaveLength(0);
  });

  it('ends a wait for the log with the signal of the call', async () => {
    const hanging = { record: () => true, ready: () => new Promise<void>(() => {}), forget: async () => {} };
    const { sms, emulator } = auditedClient({ audit: hanging });
    const controller = new AbortController();
    const sending = sms.messages.send(code, { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(sending).rejects.toMatchObject({ name: 'AbortError', submission: 'not-submitted' });
    expect(emulator.requests).toHaveLength(0);
  });

  it('says that a person is not forgotten while the log still knows them', async () => {
    const consent = { ledger: memoryConsentLedger(), forgetSecret: 'forget-secret-of-the-tests-012345' };
    const salts = { ...memorySalts(), remove: () => Promise.reject(new Error('down')) };
    const { sms } = auditedClient({ guards: { consent } }, { salts });
    await expect(sms.consent.forget(destination)).rejects.toThrow(
      'The audit log failed, so it can still tell which records are about this person',
    );
  });
});
