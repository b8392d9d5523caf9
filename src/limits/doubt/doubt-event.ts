import type { EventBody } from '../../events.ts';
import type { DoubtNotice } from '../doubt-store.ts';
import { explainDoubt } from './explain.ts';

/** The event of something that a store noticed. */
export function doubtEvent(notice: DoubtNotice): EventBody {
  if (notice.kind === 'outcomes') {
    const { outcomes: reason, expected, part } = notice;
    return {
      type: 'outcomes-missing',
      reason,
      ...(expected !== undefined && { expected }),
      ...(part !== undefined && { part }),
    };
  }
  const { place, country, prefix, isHuman, observed, limit } = notice.alert;
  return {
    type: 'suspension-started',
    place,
    ...(country !== undefined && { country }),
    ...(prefix !== undefined && { range: `+${prefix}` }),
    afterTest: isHuman,
    observed,
    limit,
    explanation: explainDoubt(notice.alert),
  };
}
