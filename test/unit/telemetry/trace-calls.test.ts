import { describe, expect, it } from 'vitest';
import type { TracedOperation } from '../../../src/telemetry/operations.ts';
import { testClient } from '../../support/client.ts';
import { CALLS } from '../../support/public-methods.ts';

function follow() {
  const operations: TracedOperation[] = [];
  const client = testClient({
    accountId: 'team',
    telemetry: {
      trace(operation, work) {
        operations.push(operation);
        return work();
      },
      event() {},
    },
  });
  return { ...client, operations, of: (kind: string) => operations.filter((each) => each.kind === kind) };
}

describe('calls that are followed', () => {
  it.each(Object.keys(CALLS))(
    '%s returns the same kind of value with telemetry and without',
    async (name) => {
      const [resource = '', method = ''] = name.split('.');
      const shapeOf = (sms: object) => {
        const methods = (sms as Record<string, Record<string, () => unknown>>)[resource];
        try {
          const value = methods?.[method]?.();
          if (value instanceof Promise) value.catch(() => {});
          return Object.prototype.toString.call(value);
        } catch {
          return 'throws';
        }
      };
      expect(shapeOf(follow().sms)).toBe(shapeOf(testClient({ accountId: 'team' }).sms));
    },
  );

  it('one message: its name, ID and parts', async () => {
    const { sms, of } = follow();
    const { umid } = await sms.messages.send({ destination: '+6591234567', text: 'x'.repeat(161) });
    expect(of('call')).toEqual([{ kind: 'call', name: 'messages.send', umid, parts: 2 }]);
    expect(of('admission')).toEqual([{ kind: 'admission', messages: 1, isSecondLook: false, admitted: 1 }]);
  });

  it('every call that returns a promise: the list of webhook settings, too', async () => {
    const { sms, of } = follow();
    await sms.webhookSettings.list();
    expect(of('call')).toEqual([{ kind: 'call', name: 'webhookSettings.list' }]);
  });

  it('a batch: its outcomes', async () => {
    const { sms, of } = follow();
    await sms.messages.sendBatch({
      destinations: ['+6591234567', '+6591234568', 'nobody'],
      template: { text: 'Hello' },
    });
    const counts = { accepted: 2, rejected: 0, blocked: 1, failed: 0 };
    expect(of('call')).toEqual([{ kind: 'call', name: 'messages.sendBatch', counts }]);
  });

  it('sendMany: each chunk is a call', async () => {
    const { sms, of } = follow();
    const rows = ['+6591234567', '+6591234568', '+6591234569'].map((destination) => ({
      destination,
      text: 'Hello',
    }));
    await sms.messages.sendMany(rows, { chunkSize: 2 }).run();
    expect(of('call').map((each) => 'counts' in each && each.counts?.accepted)).toEqual([2, 1]);
  });

  it('a request of an endpoint without a method', async () => {
    const { sms, of } = follow();
    await sms.request({ path: '/api/v1/subaccounts/{subAccountId}/nothing' }).catch(() => {});
    expect(of('call')).toEqual([{ kind: 'call', name: 'request', errorType: 'not-found' }]);
    expect(of('attempt')[0]).toMatchObject({ errorType: '404', status: 404 });
  });
});
