import { describe, expect, it } from 'vitest';
import type { EventBody } from '../../../src/events.ts';
import { createContentGuard } from '../../../src/guards/content.ts';
import { NOON } from '../../support/fake-clock.ts';
import { messageOf } from '../../support/outgoing-message.ts';

const KEY = 'the-api-key-7f3a';
const holdsKey = (text: string) => text.includes(KEY);
const events: EventBody[] = [];
const emit = (event: EventBody) => void events.push(event);
const guard = createContentGuard({}, { holdsKey, emit });
const day = 86_400_000;

function reasonFor(message: Parameters<typeof messageOf>[0], options = {}): string | undefined {
  return createContentGuard(options, { holdsKey, emit }).check?.(messageOf(message), NOON)?.reason;
}

describe('text', () => {
  it.each([
    ['a', undefined],
    ['line\nfeed\rreturn\ffeed', undefined],
    ['é € {} [] ~', undefined],
    ['你好 👍', undefined],
    ['tab\there', 'control-character'],
    ['null\u0000', 'control-character'],
    ['escape\u001b[2J', 'control-character'],
    ['next\u0085line', 'control-character'],
    ['delete\u007f', 'control-character'],
    ['\ud83d', 'broken-text'],
    ['ok \udc4d ok', 'broken-text'],
    ['Hi {{name}}', 'unresolved-placeholder'],
    ['Hi {{ name }}', 'unresolved-placeholder'],
    ['Hi {{}}', 'unresolved-placeholder'],
    ['Hi {{{name}}}', 'unresolved-placeholder'],
    ['Hi {{user.{first}}}', 'unresolved-placeholder'],
    ['Hi {{\nname\n}}', 'unresolved-placeholder'],
    ['Hi {{url}}', 'unresolved-placeholder'],
    ['Hi {name}', 'unresolved-placeholder'],
    ['Hi undefined, hello', 'unresolved-placeholder'],
    ['Hi [object Object]', 'unresolved-placeholder'],
    ['undefined behaviour', undefined],
    ['a }} b {{ c', undefined],
    ['{{ alone', undefined],
    [`Use ${KEY} now`, 'api-key-in-text'],
  ])('%j → %s', (text, reason) => {
    expect(reasonFor({ text })).toBe(reason);
  });

  it('sends what was not filled in when it is told to', () => {
    for (const text of ['Hi {{name}}', 'Hi {name}', 'Hi undefined']) {
      expect(reasonFor({ text }, { refusePlaceholders: false })).toBeUndefined();
    }
  });

  it('reports a doubtful text once, however often it is looked at', () => {
    events.length = 0;
    const message = messageOf({ text: 'Undefined means undefined.' });
    for (let look = 0; look < 3; look += 1) expect(guard.check?.(message, NOON)).toBeUndefined();
    expect(events).toEqual([
      {
        type: 'possible-placeholder',
        clientMessageId: message.clientMessageId,
        destination: expect.stringContaining('****'),
        purpose: message.purpose,
        country: message.phone.country,
        callingCode: message.phone.callingCode,
      },
    ]);
  });

  it.each(['undefined', 'null', 'NaN'])('refuses %s as a variable of a survey or a brand', (value) => {
    expect(reasonFor({ text: 'Hello', values: ['Mei', value] })).toBe('unresolved-placeholder');
  });

  it('refuses the API key even in monitor mode, and does not repeat it', () => {
    const refusal = guard.check?.(messageOf({ text: KEY }), NOON);
    expect(refusal?.always).toBe(true);
    expect(JSON.stringify(refusal)).not.toContain(KEY);
    expect(guard.check?.(messageOf({ text: '{{x}}' }), NOON)?.always).toBeUndefined();
  });

  it('looks through thousands of braces at once', () => {
    // Would take minutes if every brace looked to the end.
    expect(reasonFor({ text: '{{'.repeat(10_000) }, { maxParts: 10 })).toBe('too-many-parts');
    expect(reasonFor({ text: `${'{{a'.repeat(6_000)}` })).toBe('too-many-parts');
  });

  it('survey texts may hold their links and their declared variables', () => {
    const placeholders = ['name'];
    expect(reasonFor({ text: 'Hi {{name}}: {{url}} {{url:https://8x8.com}}', placeholders })).toBeUndefined();
    expect(reasonFor({ text: 'Hi {{ name }}', placeholders })).toBeUndefined();
    expect(reasonFor({ text: 'Hi {{other}}', placeholders })).toBe('unresolved-placeholder');
    expect(reasonFor({ text: 'Hi {{urls}}', placeholders: [] })).toBe('unresolved-placeholder');
    expect(reasonFor({ text: 'Hi {{name}} {{other}}', placeholders })).toBe('unresolved-placeholder');
  });
});

describe('parts', () => {
  it.each([
    ['a'.repeat(1530), undefined],
    ['a'.repeat(1531), 'too-many-parts'],
    ['你'.repeat(670), undefined],
    ['你'.repeat(671), 'too-many-parts'],
  ])('10 at most (%#)', (text, reason) => {
    expect(reasonFor({ text })).toBe(reason);
  });

  it('maxParts is the limit, and the refusal says what was counted', () => {
    expect(reasonFor({ text: 'a'.repeat(161) }, { maxParts: 2 })).toBeUndefined();
    expect(
      createContentGuard({ maxParts: 1 }, { holdsKey, emit }).check?.(
        messageOf({ text: 'a'.repeat(161) }),
        NOON,
      ),
    ).toMatchObject({ reason: 'too-many-parts', observed: 2, limit: 1 });
  });

  it('a character that GSM7 cannot carry is refused only when GSM7 was asked for', () => {
    expect(reasonFor({ text: '你好', encoding: 'GSM7' })).toBe('not-encodable');
    expect(reasonFor({ text: '你好', encoding: 'UCS2' })).toBeUndefined();
    expect(reasonFor({ text: '你好' })).toBeUndefined();
    expect(reasonFor({ text: 'plain', encoding: 'GSM7' })).toBeUndefined();
  });
});

describe('sender ids', () => {
  it.each(['8x8', 'MyShop 24', 'ELEVENCHARS', '6591234567', '+6591234567', '1234567890123456', '77777'])(
    '%s is shown',
    (source) => {
      expect(reasonFor({ source })).toBeUndefined();
    },
  );

  it.each([
    '',
    ' ',
    'TWELVE CHARS',
    'Shop™',
    'shop\n',
    'a-b',
    'a.b',
    '12345678901234567',
    '+',
    '++65',
    '你好',
    '🙂',
  ])('%j is not', (source) => {
    expect(reasonFor({ source })).toBe('bad-sender-id');
  });

  it.each([
    ['+12125550143', 'TEAM', 'sender-not-allowed'],
    ['+12125550143', '24 7', undefined],
    ['+12125550143', '12345', undefined],
    ['+80012345678', 'TEAM', undefined],
  ])('to %s from %j: %s', (destination, source, reason) => {
    expect(reasonFor({ destination, source })).toBe(reason);
  });
});

describe('dates', () => {
  const at = (offsetMs: number) => new Date(NOON + offsetMs);
  it.each([
    [{ scheduled: at(1) }, undefined],
    [{ scheduled: at(7 * day) }, undefined],
    [{ scheduled: at(0) }, 'schedule-in-past'],
    [{ scheduled: at(-day) }, 'schedule-in-past'],
    [{ scheduled: '1969-01-01T00:00:00Z' }, 'schedule-in-past'],
    [{ scheduled: at(7 * day + 1) }, 'schedule-too-far'],
    [{ expiry: at(1) }, undefined],
    [{ expiry: at(0) }, 'already-expired'],
    [{ scheduled: at(day), expiry: at(day + 1) }, undefined],
    [{ scheduled: at(day), expiry: at(day) }, 'already-expired'],
    [{ scheduled: at(day), expiry: at(1) }, 'already-expired'],
  ])('%j → %s', (dates, reason) => {
    expect(reasonFor(dates)).toBe(reason);
  });
});

it('has nothing to say of a message without content', () => {
  const { content: _, ...rest } = messageOf();
  expect(guard.check?.(rest, NOON)).toBeUndefined();
});

it('is in enforce mode unless told otherwise', () => {
  expect(guard).toMatchObject({ name: 'content', mode: 'enforce' });
  expect(createContentGuard({ mode: 'monitor' }, { holdsKey, emit }).mode).toBe('monitor');
});
