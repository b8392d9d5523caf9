export type { GuardsApi } from '../guards/guards-api.ts';
export type { AdmittedMessage } from './admitted-message.ts';
export {
  type AdmissionOutcome,
  createGuards,
  type StandaloneCallOptions,
  type StandaloneGuards,
} from './create-guards.ts';
export type { StandaloneMessage } from './message.ts';
export type { StandaloneGuardsOptions } from './options.ts';
