import { describe, expect, it } from 'vitest';
import { ValidationError } from '../../../src/errors.ts';
import { createTestClient } from '../../../src/testing/index.ts';

const PERSON = '+6591234567';
const OTHER = '+6598765432';

describe('the outbox', () => {
  it('finds a person by any form of the number', async () => {
    const { sms, outbox } = createTestClient({ defaultCountry: 'SG' });
    await sms.messages.send({ destination: PERSON, text: 'First', source: 'SHOP' });
    await sms.messages.send({ destination: OTHER, text: 'Other' });
    await sms.messages.send({ destination: PERSON, text: 'Last' });
    for (const number of [PERSON, '9123 4567', '+65 (9123) 4567', '0065-9123-4567']) {
      expect(outbox.to(number).map(({ text }) => text)).toEqual(['First', 'Last']);
      expect(outbox.lastTo(number).text).toBe('Last');
    }
    expect(outbox.to(PERSON)[0]?.from).toBe('SHOP');
    expect(outbox.to('+6581111111')).toEqual([]);
  });

  it('says why there is no message', async () => {
    const { sms, outbox } = createTestClient();
    expect(() => outbox.lastTo(PERSON)).toThrow(
      'No message was sent to +65******67. The outbox has 0 message(s) to other numbers.',
    );
    await sms.messages.send({ destination: OTHER, text: 'Other' });
    const advert = { destination: PERSON, text: 'Sale', purpose: 'marketing' } as const;
    await expect(sms.messages.send(advert)).rejects.toThrow();
    expect(() => outbox.lastTo(PERSON)).toThrow(
      /^No message was sent to \+65\*{6}67\. The last one was blocked: consent, .+\. The outbox has 1 message\(s\) to other numbers\.$/,
    );
  });

  it('refuses a value that is not a number', () => {
    const { outbox } = createTestClient();
    expect(() => outbox.to('9123 4567')).toThrow(ValidationError);
    expect(() => outbox.lastTo('nobody')).toThrow('cannot read this number');
  });

  it.each([
    ['Your code is 4711. It is good for 10 minutes.', '4711'],
    ['123456 is your code', '123456'],
    ['G-482913 is your code', '482913'],
    ['Your code: 123-456', '123-456'],
    ['Call +6580000001 or enter 9876', '9876'],
  ])('reads the code of "%s"', async (text, code) => {
    const { sms, outbox } = createTestClient({ guards: { content: false } });
    await sms.messages.send({ destination: PERSON, text, purpose: 'otp' });
    expect(outbox.codeTo(PERSON)).toBe(code);
  });

  it('says when there is no code', async () => {
    const { sms, outbox } = createTestClient();
    await sms.messages.send({ destination: PERSON, text: 'Ready in 10 minutes' });
    expect(() => outbox.codeTo(PERSON)).toThrow('The last message to +65******67 contains no code.');
  });

  it('leaves out cancelled messages, and has no purpose for messages of another client', async () => {
    const { sms, emulator, outbox, clock } = createTestClient();
    const scheduled = new Date(clock.now() + 60_000).toISOString();
    const sent = await sms.messages.send({ destination: PERSON, text: 'Later', scheduled });
    expect(outbox.all).toHaveLength(1);
    await sms.messages.cancel(sent.umid);
    expect(outbox.all).toEqual([]);
    await emulator.fetch('https://sms.8x8.com/api/v1/subaccounts/test/messages', {
      method: 'POST',
      headers: { authorization: 'Bearer test-key' },
      body: JSON.stringify({ destination: PERSON, text: 'From elsewhere' }),
    });
    expect(outbox.lastTo(PERSON)).not.toHaveProperty('purpose');
    expect(outbox.lastTo(PERSON)).not.toHaveProperty('clientMessageId');
  });

  it('is cleared without touching the emulator', async () => {
    const { sms, emulator, outbox } = createTestClient({ emulator: { maxKept: 2 } });
    outbox.clear();
    const send = (text: string) => sms.messages.send({ destination: PERSON, text });
    await send('1');
    outbox.clear();
    expect(outbox.all).toEqual([]);
    expect(emulator.messages).toHaveLength(1);
    await send('2');
    expect(outbox.all.map(({ text }) => text)).toEqual(['2']);
    // The emulator drops the oldest messages, including the one at which the outbox was cleared.
    await send('3');
    await send('4');
    expect(outbox.all.map(({ text }) => text)).toEqual(['3', '4']);
    emulator.clear();
    await send('5');
    expect(outbox.all.map(({ text }) => text)).toEqual(['5']);
  });

  it('shows a message once when its response was lost', async () => {
    const { sms, emulator, outbox } = createTestClient();
    emulator.failNext('lost-response');
    await expect(sms.messages.send({ destination: PERSON, text: 'Hello' })).rejects.toMatchObject({
      submission: 'unknown',
    });
    expect(outbox.to(PERSON)).toHaveLength(1);
    expect(outbox.lastTo(PERSON).purpose).toBe('transactional');
  });
});
