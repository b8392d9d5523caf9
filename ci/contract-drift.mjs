// Tells what changed in 8x8's contract since it was last read by a person. Warns, and never fails: the contract is 8x8's.
//
//   node ci/contract-drift.mjs            compares the contract (CONTRACT_DIR) with ci/contract-fingerprint.json
//   node ci/contract-drift.mjs --update   records the contract as read
//
// The fingerprint is a list of names: operations, parameters, fields, types and enum values. It holds no schema.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = resolve(root, process.env.CONTRACT_DIR ?? '../shared/api/contract');
const target = process.env.CONTRACT_FINGERPRINT ?? join(root, 'ci/contract-fingerprint.json');
const APIS = ['sms', 'verification', 'lookup', 'contacts'];

/** One line per field, and one per enum value. */
function* factsOfSchema(schema, path) {
  if (typeof schema !== 'object' || schema === null) return;
  if (schema.type !== undefined) yield `${path}: ${[schema.type].flat().join('|')}`;
  for (const value of schema.enum ?? []) yield `${path} = ${JSON.stringify(value)}`;
  for (const name of schema.required ?? []) yield `${path}.${name} is required`;
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    yield* factsOfSchema(field, `${path}.${name}`);
  }
  yield* factsOfSchema(schema.items, `${path}[]`);
  yield* factsOfSchema(schema.additionalProperties, `${path}.*`);
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    for (const part of schema[keyword] ?? []) yield* factsOfSchema(part, path);
  }
}

function* factsOfOperation({ method, path, parameters = [], request, responses = {} }) {
  yield `${method} ${path}`;
  for (const parameter of parameters) {
    yield* factsOfSchema(
      { ...parameter.schema, type: parameter.schema?.type ?? 'any' },
      `${parameter.in} ${parameter.name}`,
    );
  }
  if (request !== undefined) yield* factsOfSchema(request.schema, 'request');
  for (const [status, { schema }] of Object.entries(responses)) {
    yield `response ${status}`;
    // Every error has the same body.
    if (Number(status) < 400) yield* factsOfSchema(schema, `response ${status}`);
  }
}

/** All facts, each once, by operation. */
function readContract() {
  const facts = {};
  for (const api of APIS) {
    const { operations } = JSON.parse(readFileSync(join(directory, `${api}.json`), 'utf8'));
    for (const operation of operations) {
      facts[`${api} ${operation.operationId}`] = [...new Set(factsOfOperation(operation))].sort();
    }
  }
  return facts;
}

function compare(recorded, current) {
  const changes = [];
  for (const name of Object.keys(current)) {
    if (recorded[name] === undefined)
      changes.push(`new operation: ${name} (${current[name].find((fact) => /^[A-Z]+ \//.test(fact))})`);
  }
  for (const [name, facts] of Object.entries(recorded)) {
    const now = current[name];
    if (now === undefined) {
      changes.push(`operation is gone: ${name}`);
      continue;
    }
    for (const fact of now) if (!facts.includes(fact)) changes.push(`new: ${name}: ${fact}`);
    for (const fact of facts) if (!now.includes(fact)) changes.push(`gone: ${name}: ${fact}`);
  }
  return changes;
}

if (!existsSync(join(directory, 'sms.json'))) {
  console.log(`warning: 8x8's contract is not at ${directory} (set CONTRACT_DIR)`);
} else if (process.argv.includes('--update')) {
  writeFileSync(target, `${JSON.stringify(readContract(), null, 1)}\n`);
} else {
  const changes = compare(JSON.parse(readFileSync(target, 'utf8')), readContract());
  for (const change of changes) console.log(`warning: ${change}`);
  console.log(
    changes.length === 0
      ? "8x8's contract is the recorded one"
      : `${changes.length} changes in 8x8's contract: follow them, then run node ci/contract-drift.mjs --update`,
  );
}
