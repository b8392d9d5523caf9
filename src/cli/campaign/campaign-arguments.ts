import type { Purpose } from '../../index.ts';
import type { ClientArguments } from '../client-options.ts';

/** Options of the command `campaign`. */
export interface CampaignArguments extends ClientArguments {
  readonly purpose: Purpose;
  readonly text?: string;
  readonly numberColumn: string;
  readonly source?: string;
  readonly country?: string;
  readonly checkpoint?: string;
  readonly results?: string;
  readonly chunkSize?: number;
  readonly dryRun?: boolean;
}
