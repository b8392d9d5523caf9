import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { type Contract, loadContract } from '../support/contract.ts';
import { describeContract } from '../support/describe-contract.ts';
import { startClient } from '../support/sms-client.ts';

const APIS = ['sms', 'verification', 'lookup', 'contacts'] as const;
const ROOT = resolve(import.meta.dirname, '../..');

/** Texts in backticks. */
function codeIn(cell: string | undefined): string[] {
  return Array.from((cell ?? '').matchAll(/`([^`]+)`/g), ([, code = '']) => code);
}

describeContract('docs/api-coverage.md', () => {
  let contract: Contract;
  let rows: { readonly operationId: string; readonly request: string; readonly cells: readonly string[] }[];

  beforeAll(() => {
    contract = loadContract();
    const lines = readFileSync(resolve(ROOT, 'docs/api-coverage.md'), 'utf8').split('\n');
    rows = lines
      .map((line) => line.split('|').slice(1, -1))
      .filter((cells) => cells.length === 6 && /^ `[\w-]+` $/.test(cells[0] ?? ''))
      .map((cells) => ({ operationId: codeIn(cells[0])[0] ?? '', request: cells[1]?.trim() ?? '', cells }));
  });

  it('has one row for each of the 41 operations', () => {
    const operations = APIS.flatMap((api) => contract.operations(api));
    expect(operations).toHaveLength(41);
    expect(rows.map(({ operationId }) => operationId).sort()).toEqual(
      operations.map(({ operationId }) => operationId).sort(),
    );
    for (const { operationId, method, path } of operations) {
      const request = rows.find((row) => row.operationId === operationId)?.request ?? '';
      const [, shownMethod, end = ''] = /^([A-Z]+) …(\/[^ ,]+)/.exec(request) ?? [];
      expect([operationId, shownMethod, path.endsWith(end)]).toEqual([operationId, method, true]);
    }
  });

  it('names methods of the client, and tests that exist', () => {
    const { sms } = startClient();
    for (const { operationId, cells } of rows) {
      const methods = codeIn(cells[2]);
      expect(methods.length, operationId).toBeGreaterThan(0);
      for (const method of methods) {
        const [resource = '', name = ''] = method.split('.');
        const found = (sms as unknown as Record<string, Record<string, unknown>>)[resource]?.[name];
        expect(typeof found, method).toBe('function');
      }
      for (const cell of cells.slice(4)) {
        const files = codeIn(cell);
        expect(files.length, operationId).toBeGreaterThan(0);
        for (const file of files) expect(existsSync(resolve(ROOT, 'test', file)), file).toBe(true);
        const tests = files.map((file) => readFileSync(resolve(ROOT, 'test', file), 'utf8')).join('\n');
        for (const method of methods) expect(tests, `${files} on ${method}`).toContain(method);
      }
      expect(cells[5], operationId).toMatch(/^ `contract\//);
    }
  });
});
