import { type Field, list, oneOf } from './schema.ts';
import type { Purpose } from './types.ts';

/** Every purpose of a message. */
export const PURPOSES = ['transactional', 'otp', 'marketing'] as const satisfies readonly Purpose[];

/** The purpose of one message. */
export const purposeField: Field = oneOf(PURPOSES);

/** Some purposes, at least one. */
export const purposesField: Field = list(purposeField, { min: 1, max: PURPOSES.length });
