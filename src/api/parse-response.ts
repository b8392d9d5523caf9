import { ApiError } from '../errors.ts';
import { advice } from '../transport/error-text.ts';
import type { Operation } from '../transport/operation.ts';
import type { TransportResponse } from '../transport/transport.ts';

/** Fields of a response, with unknown values. */
export type ResponseFields = Readonly<Record<string, unknown>>;

/** Thrown for a response that differs from 8x8's documentation. Never leaves this file. */
class MalformedResponse extends Error {}

function refuse(name: string, wanted: string): never {
  throw new MalformedResponse(`${name} is not ${wanted}`);
}

/** The error of a success that cannot be used. */
export function responseError(
  operation: Operation,
  { status, attempts }: Pick<TransportResponse, 'status' | 'attempts'>,
  problem: string,
): ApiError {
  const submission = operation.repeat === 'safe' ? 'not-submitted' : 'unknown';
  const what = advice({
    operation: operation.name,
    repeat: operation.repeat,
    submission,
    ifLost: operation.ifLost,
  });
  return new ApiError({
    message: `${operation.name}: 8x8 responded with HTTP ${status}, but ${problem}. ${what}`,
    submission,
    status,
    attempts,
  });
}

/**
 * Reads the body of a success. When `read` does not find a field, this throws an `ApiError` that names the field and
 * never shows its value. Nothing else is thrown, for any response.
 */
export function parseResponse<Result>(
  operation: Operation,
  response: TransportResponse,
  read: (body: unknown, status: number) => Result,
): Result {
  try {
    return read(response.body, response.status);
  } catch (error) {
    if (error instanceof MalformedResponse) throw responseError(operation, response, error.message);
    throw error;
  }
}

export function toFields(value: unknown, name = 'the answer'): ResponseFields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(name, 'an object');
  return value as ResponseFields;
}

export function toList(value: unknown, name = 'the answer'): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(name, 'a list');
}

export function textIn(fields: ResponseFields, name: string): string {
  return optionalText(fields, name) ?? refuse(name, 'a text');
}

export function numberIn(fields: ResponseFields, name: string): number {
  return optionalNumber(fields, name) ?? refuse(name, 'a number');
}

/** Undefined for null and for anything that is not a string: an optional field must not fail the whole response. */
export function optionalText(fields: ResponseFields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

export function optionalNumber(fields: ResponseFields, name: string): number | undefined {
  const value = fields[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function flagIn(fields: ResponseFields, name: string): boolean {
  return optionalFlag(fields, name) ?? refuse(name, 'true or false');
}

export function optionalFlag(fields: ResponseFields, name: string): boolean | undefined {
  const value = fields[name];
  return typeof value === 'boolean' ? value : undefined;
}

/** The present fields, as the optional part of a typed response. */
export function present<Shape extends object>(fields: Shape): Present<Shape> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Present<Shape>;
}

type Present<Shape> = { readonly [Name in keyof Shape]?: Exclude<Shape[Name], undefined> };

/** An amount of money. */
export interface Price {
  readonly amount: number;
  /** ISO 4217, for example `EUR`. */
  readonly currency: string;
}

export function priceIn(fields: ResponseFields, name: string): Price {
  const price = toFields(fields[name], name);
  return { amount: numberIn(price, 'amount'), currency: textIn(price, 'currency') };
}
