import { beforeAll, expect, it } from 'vitest';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { type Contract, loadContract } from '../support/contract.ts';
import { describeContract } from '../support/describe-contract.ts';

const APIS = ['sms', 'verification', 'lookup', 'contacts'] as const;
const ACCOUNT = '2e4bd1f0-6f7c-4c6b-9d4e-0a4d5b1c9f10';

describeContract("8x8's documented examples", () => {
  let contract: Contract;
  beforeAll(() => {
    contract = loadContract();
  });

  it('are valid requests and responses for the harness', () => {
    const faults: string[] = [];
    let count = 0;
    for (const api of APIS) {
      for (const { operationId, method, path, request, responses } of contract.operations(api)) {
        const concrete = path.replace(/\{(\w+)\}/g, (_, name) =>
          name === 'accountId' ? ACCOUNT : '6591234567',
        );
        for (const body of request?.examples ?? []) {
          count += 1;
          const found = contract.requestFaults(api, operationId, { method, path: concrete, body });
          faults.push(...found.map((fault) => `${operationId}: ${fault}`));
        }
        for (const [status, { examples }] of Object.entries(responses)) {
          for (const body of examples) {
            count += 1;
            const found = contract.responseFaults(api, operationId, Number(status), body);
            faults.push(...found.map((fault) => `${operationId} ${status}: ${fault}`));
          }
        }
      }
    }
    expect(count).toBeGreaterThanOrEqual(123);
    expect(faults).toEqual([]);
  });

  it('the emulator accepts those of SMS requests', async () => {
    const emulator = createEmulator();
    const statuses: number[] = [];
    for (const { method, path, request } of contract.operations('sms')) {
      for (const example of request?.examples ?? []) {
        const response = await emulator.fetch(`https://sms.8x8.com${path.replace('{accountId}', ACCOUNT)}`, {
          method,
          headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
          body: JSON.stringify(example),
        });
        statuses.push(response.status);
      }
    }
    expect(statuses).toEqual([200, 200, 200]);
  });
});
