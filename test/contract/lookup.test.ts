import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { SmsError } from '../../src/index.ts';
import { testClient } from '../support/client.ts';
import { type Contract, loadContract, recordContract } from '../support/contract.ts';
import { describeContract } from '../support/describe-contract.ts';
import { startEmulator } from '../support/emulator.ts';

const PHONES = '/api/v1/subaccounts/team_otp/phones';

describeContract('the Number Lookup API', () => {
  let contract: Contract;
  beforeAll(() => {
    contract = loadContract();
  });

  it('every request that the client accepts, and its response', async () => {
    const recorder = recordContract(
      createEmulator({ requestsPerSecond: false, maxKept: 100 }).fetch,
      contract,
    );
    const { sms } = testClient({ fetch: recorder.fetch, pace: false });
    const digits = fc.string({ unit: fc.constantFrom(...'+0123456789 -()'), maxLength: 18 });
    const number = fc.constantFrom('+6591234567', '91234567', '+1 202-555-0123', '+881612345678');
    const query = fc.record({
      country: fc.constantFrom(undefined, 'SG', 'sg', 'ZZ', '1'),
      type: fc.constantFrom(undefined, 'format', 'operator', 'live', 'all'),
    });
    let found = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(number, digits, fc.string()), query, async (phoneNumber, asked) => {
        const outcome = await sms.lookup.get(phoneNumber, asked as never).catch((error: unknown) => error);
        if (SmsError.isInstance(outcome)) return;
        expect(outcome).toMatchObject({ status: { state: 'ok' } });
        found += 1;
      }),
      { numRuns: 300 },
    );
    expect(recorder.violations).toEqual([]);
    expect(found).toBeGreaterThan(0);
    const wanted = contract.operations('lookup').map(({ operationId }) => operationId);
    expect([...recorder.covered]).toEqual(wanted);
  });

  it("the emulator's responses, also to malformed requests", async () => {
    let violations: ReturnType<typeof recordContract>['violations'] = [];
    const { call } = startEmulator({ subAccountIds: ['team_otp'] }, (fetch) => {
      const recorder = recordContract(fetch, contract);
      violations = recorder.violations;
      return recorder.fetch;
    });
    const responses = [
      await call('GET', `${PHONES}/%2B6591234567`),
      await call('GET', `${PHONES}/91234567?country=SG&type=operator`),
      await call('GET', `${PHONES}/%2B6591234567?type=live`),
      await call('GET', `${PHONES}/12`),
      await call('GET', `${PHONES}/%2B6591234567`, undefined, { headers: {} }),
      await call('GET', '/api/v1/subaccounts/foreign/phones/%2B6591234567'),
    ];
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 400, 401, 400]);
    expect(violations).toEqual([]);
  });
});
