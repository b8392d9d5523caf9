import { describe, expect, test } from 'vitest';
import { isReportedEvent, noteOf, type ReportedEvent } from '../../../src/sandbox/inbox/client-events.ts';

const base = { at: 1, destination: '+65******67' };
const note = (event: object) => noteOf({ ...base, ...event } as ReportedEvent);

describe('events of a client about a person', () => {
  test.each([
    [{ type: 'consent-recorded', state: 'opted-out', scope: 'all' }, 'Opt-out recorded (all)'],
    [{ type: 'consent-recorded', state: 'opted-in', scope: 'marketing' }, 'Opt-in recorded (marketing)'],
    [{ type: 'consent-forgotten' }, 'The person was forgotten'],
    [{ type: 'possible-opt-out' }, 'This may be an opt-out: nothing was changed, have somebody read it'],
    [{ type: 'opt-out-unrecorded', reason: 'no-ledger' }, 'The opt-out was not recorded (no-ledger)'],
    [{ type: 'scheduled-cancelled' }, 'A scheduled message was cancelled'],
    [
      { type: 'scheduled-not-cancelled', reason: 'already-sent' },
      'A scheduled message may still be sent (already-sent)',
    ],
    [
      { type: 'number-undeliverable', errorCode: 59 },
      'The number does not exist (code 59): further messages are refused',
    ],
    [{ type: 'number-reached' }, 'The number was reached: messages are allowed again'],
    [{ type: 'fraud-reported' }, '8x8 stopped the message as artificially inflated traffic'],
    [{ type: 'limits-released' }, 'The limits of this number were released'],
    [{ type: 'backoff-cleared' }, 'The code was entered: the next one need not wait'],
    [{ type: 'message-admitted' }, undefined],
  ])('%j is shown as %j', (event, text) => {
    expect(note(event)).toBe(text);
  });
});

describe('an event of a client', () => {
  test.each([
    [{ type: 'limits-released', guards: ['recipient'] }, true],
    [{ type: 'message-blocked', decision: { guard: 'consent', reason: 'opted-out' } }, true],
    [{ type: 'message-blocked' }, false],
    [{ type: 'attempt-started' }, false],
    [{ type: 'message-blocked', decision: { guard: 'x'.repeat(401) } }, false],
  ])('%.60j is taken: %s', (event, isTaken) => {
    expect(isReportedEvent({ ...base, ...event })).toBe(isTaken);
  });
});
