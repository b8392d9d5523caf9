import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { contractDirectory } from '../support/contract.ts';
import { describeContract } from '../support/describe-contract.ts';

const SCRIPT = resolve(import.meta.dirname, '../../ci/contract-drift.mjs');

/** A contract, as far as the test changes it. */
interface Changeable {
  operations: {
    operationId: string;
    method: string;
    path: string;
    request?: { schema: { properties: Record<string, { type?: string; enum?: string[] }> } };
  }[];
}

describeContract('the watch for drift', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'contract-'));
    cpSync(contractDirectory(), directory, { recursive: true });
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Runs the check on a contract that `change` has changed. It throws when the exit code is not 0. */
  function drift(change: (contract: Changeable) => void): readonly string[] {
    const file = join(directory, 'sms.json');
    const contract = JSON.parse(readFileSync(file, 'utf8')) as Changeable;
    change(contract);
    rmSync(file);
    writeFileSync(file, JSON.stringify(contract));
    const env = { ...process.env, CONTRACT_DIR: directory };
    return execFileSync(process.execPath, [SCRIPT], { env, encoding: 'utf8' }).trim().split('\n');
  }

  it('is silent while the contract is the recorded one', () => {
    expect(drift(() => {})).toEqual(["8x8's contract is the recorded one"]);
  });

  it('lists new and lost operations, fields and enum values, and does not fail', () => {
    const lines = drift(({ operations }) => {
      const send = operations.find(({ operationId }) => operationId === 'Send-Sms-Single');
      const properties = send?.request?.schema.properties ?? {};
      properties.newField = { type: 'string' };
      properties.encoding?.enum?.push('GSM8');
      delete properties.track;
      operations.push({ operationId: 'new-one', method: 'GET', path: '/api/v1/new' });
      operations.splice(
        operations.findIndex(({ operationId }) => operationId === 'delete-pii'),
        1,
      );
    });
    expect(lines).toEqual(
      expect.arrayContaining([
        'warning: new operation: sms new-one (GET /api/v1/new)',
        'warning: operation is gone: sms delete-pii',
        'warning: new: sms Send-Sms-Single: request.newField: string',
        'warning: new: sms Send-Sms-Single: request.encoding = "GSM8"',
        'warning: gone: sms Send-Sms-Single: request.track = "Outcome"',
        'warning: gone: sms Send-Sms-Single: request.track: string',
      ]),
    );
    expect(lines.at(-1)).toBe(
      "7 changes in 8x8's contract: follow them, then run node ci/contract-drift.mjs --update",
    );
  });
});
