import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import formatsPlugin from 'ajv-formats';
import { expect } from 'vitest';
import type { Product } from '../../src/transport/operation.ts';
import type { Fetch } from '../../src/types.ts';

/**
 * Checks requests and responses against 8x8's contract: JSON Schema for every operation, stored outside this
 * repository (`CONTRACT_DIR`, default `../shared/api/contract`) and is never copied into it.
 */

type JsonSchema = boolean | { readonly [keyword: string]: unknown };

interface ContractParameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: JsonSchema;
}

export interface ContractOperation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly ContractParameter[];
  readonly request?: {
    readonly contentType: string;
    readonly schema: JsonSchema;
    readonly examples: readonly unknown[];
  };
  readonly responses: Readonly<
    Record<string, { readonly schema: JsonSchema | null; readonly examples: readonly unknown[] }>
  >;
}

/** A request as it was sent: path segments are still percent-encoded. */
export interface ContractRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: URLSearchParams | undefined;
  /** Parsed JSON; undefined without a body. */
  readonly body?: unknown;
  readonly contentType?: string | null | undefined;
}

const APIS: readonly Product[] = ['sms', 'verification', 'lookup', 'contacts'];
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** 8x8: "all API responses with HTTP code 400 and above"; used for statuses that an operation does not list. */
const ERROR_SCHEMA: JsonSchema = {
  type: 'object',
  required: ['code', 'errorId', 'timestamp'],
  properties: {
    code: { type: 'integer' },
    message: { type: 'string' },
    errorId: { type: 'string', format: 'uuid' },
    timestamp: { type: 'string', format: 'date-time' },
  },
};

export function contractDirectory(): string {
  return resolve(ROOT, process.env.CONTRACT_DIR ?? '../shared/api/contract');
}

/** Whether the contract exists at its place. */
export function hasContract(): boolean {
  return existsSync(resolve(contractDirectory(), 'sms.json'));
}

/** Refuses properties that the schema does not name: 8x8 would ignore them silently. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([keyword, value]) => {
    const isExample = keyword === 'default' || keyword === 'enum';
    return [keyword, isExample ? value : closed(value)] as const;
  });
  const result: Record<string, unknown> = Object.fromEntries(entries);
  const { properties } = result;
  const named = typeof properties === 'object' && properties !== null && Object.keys(properties).length > 0;
  if (result.type === 'object' && named) result.additionalProperties ??= false;
  return result;
}

export interface Contract {
  operations(api: Product): readonly ContractOperation[];
  /** The operation a request belongs to. */
  identify(method: string, path: string): { api: Product; operation: ContractOperation } | undefined;
  /** All violations of a request; empty when it is valid. */
  requestFaults(api: Product, operationId: string, request: ContractRequest): readonly string[];
  /** All violations of a response; `body` is parsed JSON, undefined without one. */
  responseFaults(api: Product, operationId: string, status: number, body: unknown): readonly string[];
  assertRequest(api: Product, operationId: string, request: ContractRequest): void;
  assertResponse(api: Product, operationId: string, status: number, body: unknown): void;
}

/** Ids that 8x8's schemas call strings, and that its responses give as null when a message has none ("SMS Engage"). */
const IDS = new Set(['clientMessageId', 'clientBatchId', 'batchId']);

function withoutAbsentIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAbsentIds);
  if (typeof value !== 'object' || value === null) return value;
  const present = Object.entries(value).filter(([name, field]) => !(field === null && IDS.has(name)));
  return Object.fromEntries(present.map(([name, field]) => [name, withoutAbsentIds(field)]));
}

function pathPattern(template: string): RegExp {
  const escaped = template.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\{([^}]+)\}/g, '(?<$1>[^/]+)')}$`);
}

/** A query or path value in the type of its schema. */
function typed(value: string, schema: JsonSchema): unknown {
  const type = typeof schema === 'object' ? schema.type : undefined;
  if ((type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

function literalSegments(operation: ContractOperation): number {
  return operation.path.split('/').filter((part) => !part.startsWith('{')).length;
}

/** Fields of requests that are newer than the contract: release note of 28 July 2026. */
const NEWER_FIELDS: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>> = {
  'verify-request-v2': { templateKey: { type: 'string' } },
};

function withNewerFields(operation: ContractOperation): ContractOperation {
  const { request } = operation;
  const newer = NEWER_FIELDS[operation.operationId];
  if (request === undefined || newer === undefined) return operation;
  const schema = request.schema as { readonly properties: object };
  return {
    ...operation,
    request: {
      ...request,
      schema: { ...schema, properties: { ...schema.properties, ...newer } } as JsonSchema,
    },
  };
}

/** Reads the contract. Throws when it does not exist. */
export function loadContract(): Contract {
  const ajv = new Ajv({ strict: false, allErrors: true });
  formatsPlugin.default(ajv);
  ajv.addFormat('phone', true).addFormat('int32', true);
  const byApi = new Map(
    APIS.map((api) => {
      const file = readFileSync(resolve(contractDirectory(), `${api}.json`), 'utf8');
      const { operations } = JSON.parse(file) as { operations: readonly ContractOperation[] };
      return [api, operations.map(withNewerFields)] as const;
    }),
  );
  const validators = new Map<JsonSchema, ValidateFunction>();

  function schemaFaults(schema: JsonSchema, value: unknown, where: string): string[] {
    const validate = validators.get(schema) ?? ajv.compile(closed(schema) as JsonSchema);
    validators.set(schema, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${where}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  function operations(api: Product): readonly ContractOperation[] {
    return byApi.get(api) ?? [];
  }

  function find(api: Product, operationId: string): ContractOperation {
    const operation = operations(api).find((candidate) => candidate.operationId === operationId);
    if (operation === undefined) throw new Error(`The contract has no operation ${operationId} in ${api}`);
    return operation;
  }

  function parameterFaults(operation: ContractOperation, request: ContractRequest): string[] {
    const segments = pathPattern(operation.path).exec(request.path)?.groups;
    if (segments === undefined) return [`path ${request.path} is not ${operation.path}`];
    const query = request.query ?? new URLSearchParams();
    const allowed = operation.parameters.filter((parameter) => parameter.in === 'query');
    const unknown = [...query.keys()].filter((name) => !allowed.some((parameter) => parameter.name === name));
    const faults = unknown.map((name) => `query ${name} is not in the contract`);
    for (const { name, in: place, required, schema } of operation.parameters) {
      const value = place === 'path' ? decodeURIComponent(segments[name] ?? '') : query.get(name);
      if (value !== null) faults.push(...schemaFaults(schema, typed(value, schema), `${place} ${name}`));
      else if (required) faults.push(`${place} ${name} is missing`);
    }
    return faults;
  }

  function bodyFaults(operation: ContractOperation, request: ContractRequest): string[] {
    if (operation.request === undefined)
      return request.body === undefined ? [] : ['body is not in the contract'];
    // 8x8 accepts an export without a body; every other body is required.
    if (request.body === undefined) {
      return operation.operationId === 'start-log-export-job' ? [] : ['body is missing'];
    }
    const faults = schemaFaults(operation.request.schema, request.body, 'body');
    const { contentType } = request;
    if (contentType !== undefined && !contentType?.startsWith(operation.request.contentType)) {
      faults.push(`content-type ${contentType} is not ${operation.request.contentType}`);
    }
    return faults;
  }

  function requestFaults(api: Product, operationId: string, request: ContractRequest): readonly string[] {
    const operation = find(api, operationId);
    const faults = [...parameterFaults(operation, request), ...bodyFaults(operation, request)];
    return request.method === operation.method
      ? faults
      : [...faults, `method ${request.method} is not ${operation.method}`];
  }

  function responseFaults(
    api: Product,
    operationId: string,
    status: number,
    answered: unknown,
  ): readonly string[] {
    const body = withoutAbsentIds(answered);
    const listed = find(api, operationId).responses[String(status)];
    if (listed === undefined && status < 400) return [`status ${status} is not in the contract`];
    // A 204 has no body, even when it has a schema, as in delete-group.
    if (status === 204 && body === undefined) return [];
    const schema = listed?.schema ?? (status < 400 ? undefined : ERROR_SCHEMA);
    if (schema === undefined) return body === undefined ? [] : ['body is not in the contract'];
    return schemaFaults(schema, body, 'body');
  }

  function refuse(faults: readonly string[], what: string): void {
    expect(faults, `${what} against 8x8's contract`).toEqual([]);
  }

  return {
    operations,
    identify(method, path) {
      const fitting = APIS.flatMap((api) => operations(api).map((operation) => ({ api, operation })))
        .filter(({ operation }) => operation.method === method && pathPattern(operation.path).test(path))
        .sort((left, right) => literalSegments(right.operation) - literalSegments(left.operation));
      return fitting[0];
    },
    requestFaults,
    responseFaults,
    assertRequest: (api, operationId, request) =>
      refuse(requestFaults(api, operationId, request), `request ${operationId}`),
    assertResponse: (api, operationId, status, body) =>
      refuse(responseFaults(api, operationId, status, body), `answer ${status} of ${operationId}`),
  };
}

/** A violation of the contract. */
export interface ContractViolation {
  readonly side: 'request' | 'response';
  readonly operationId: string;
  readonly fault: string;
}

export interface ContractRecorder {
  /** Pass this to the client in place of the original fetch. */
  readonly fetch: Fetch;
  readonly violations: readonly ContractViolation[];
  /** `operationId`s that were called. */
  readonly covered: ReadonlySet<string>;
}

/** Parses a text; undefined for an empty one, and the text itself when it is not JSON. */
function bodyOf(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A multipart body in the types of its schema: files as objects, texts in their field's type. */
async function formOf(
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
  schema: JsonSchema,
): Promise<unknown> {
  const form = await new Response(bytes, { headers: { 'content-type': contentType } }).formData();
  const properties = (typeof schema === 'object' ? schema.properties : {}) as Record<string, JsonSchema>;
  const entries = [...form].map(([name, value]) => [
    name,
    typeof value === 'string' ? typed(value, properties[name] ?? true) : {},
  ]);
  return Object.fromEntries(entries);
}

/**
 * Wraps a `fetch` so that every request and every response is checked against the contract. A path that is in no
 * contract is a violation too, except downloads of exports.
 */
export function recordContract(fetch: Fetch, contract: Contract = loadContract()): ContractRecorder {
  const violations: ContractViolation[] = [];
  const covered = new Set<string>();
  return {
    violations,
    covered,
    async fetch(input, init) {
      const request = new Request(input, init);
      const { method, headers, redirect, signal } = request;
      const url = new URL(request.url);
      const bytes = new Uint8Array(await request.arrayBuffer());
      const forward = () =>
        fetch(url, { method, headers, redirect, signal, ...(bytes.length > 0 && { body: bytes }) });
      const found = contract.identify(method, url.pathname);
      if (found === undefined) {
        if (!url.pathname.includes('/messages/download/')) {
          violations.push({
            side: 'request',
            operationId: '',
            fault: `${method} ${url.pathname} is unknown`,
          });
        }
        return forward();
      }
      const { operationId, request: wanted } = found.operation;
      covered.add(operationId);
      const contentType = headers.get('content-type');
      const isForm = contentType?.startsWith('multipart/form-data') === true;
      const sent = {
        method,
        path: url.pathname,
        query: url.searchParams,
        body: isForm
          ? await formOf(bytes, contentType, wanted?.schema ?? true)
          : bodyOf(new TextDecoder().decode(bytes)),
        contentType,
      };
      for (const fault of contract.requestFaults(found.api, operationId, sent)) {
        violations.push({ side: 'request', operationId, fault });
      }
      const response = await forward();
      const answered = bodyOf(await response.clone().text());
      for (const fault of contract.responseFaults(found.api, operationId, response.status, answered)) {
        violations.push({ side: 'response', operationId, fault });
      }
      return response;
    },
  };
}
