import { beforeAll, expect, it } from 'vitest';
import { isKnownName } from '../../src/internal/extra-fields.ts';
import { type Contract, loadContract } from '../support/contract.ts';
import { describeContract } from '../support/describe-contract.ts';

/** The names of all properties of a schema, at any depth. */
function* namesIn(schema: unknown): Generator<string> {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') yield* Object.keys(value as object);
    if (key !== 'examples') yield* namesIn(value);
  }
}

describeContract('extra', () => {
  let contract: Contract;
  beforeAll(() => {
    contract = loadContract();
  });

  it('knows the name of every field of every operation of 8x8', () => {
    const names = new Set<string>();
    for (const api of ['sms', 'verification', 'lookup', 'contacts'] as const) {
      for (const { parameters, request, responses } of contract.operations(api)) {
        for (const name of [...parameters.map((parameter) => parameter.name), ...namesIn(request)])
          names.add(name);
        for (const name of namesIn(responses)) names.add(name);
      }
    }
    expect(names.size).toBeGreaterThan(150);
    expect([...names].filter((name) => !isKnownName(name))).toEqual([]);
  });
});
