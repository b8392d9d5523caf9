import { describe, expect, it } from 'vitest';
import { createEmulator, type EmulatorOptions } from '../../../src/emulator/emulator.ts';
import { ConfigurationError, SmsError, ValidationError } from '../../../src/errors.ts';
import { createTestClient } from '../../../src/testing/index.ts';

/** Casts arguments that JavaScript accepts and a compiler would not. */
type Anything = never;
const PERSON = '+6591234567';
const receive = () => new Response(null);

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('options of the emulator', () => {
  it.each([
    [{ pricess: {} }, 'emulator.pricess', 'Did you mean "prices"?'],
    [{ prices: { perpart: {} } }, 'emulator.prices.perpart', '"perPart"'],
    [{ prices: { perPart: 0.05 } }, 'emulator.prices.perPart', 'prices by country'],
    [{ exports: { readyAfterPoll: 1 } }, 'emulator.exports.readyAfterPoll', '"readyAfterPolls"'],
    [{ prepaid: { balanse: 1 } }, 'emulator.prepaid.balanse', '"balance"'],
    [{ prepaid: 'yes' }, 'emulator.prepaid', 'true or false'],
    [{ requestsPerSecond: true }, 'emulator.requestsPerSecond', 'a number'],
    [{ maxKept: -1 }, 'emulator.maxKept', 'a whole number'],
    [{ subAccountIds: 'team' }, 'emulator.subAccountIds', 'an array'],
    [{ clock: Date }, 'emulator.clock', 'a clock'],
    [[], 'emulator', 'an object of options'],
  ])('refuse %j and name it', (options, path, message) => {
    for (const make of [createEmulator, (emulator: Anything) => createTestClient({ emulator })]) {
      // A test client has its own clock.
      if (make !== createEmulator && ('clock' in options || Array.isArray(options))) continue;
      const error = thrownBy(() => make(options as Anything));
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error).toMatchObject({ option: path, message: expect.stringContaining(message) });
    }
  });

  it.each<EmulatorOptions>([
    { apiKey: 'a' },
    { apiKey: ['a', 'b'] },
    { requestsPerSecond: Number.POSITIVE_INFINITY, maxKept: Number.POSITIVE_INFINITY },
    { prepaid: { balance: 0.5 }, prices: { perPart: { SG: 0.05 }, currency: 'EUR', shape: 'array' } },
    { prepaid: undefined, exports: undefined },
  ])('accept %j', (options) => {
    expect(createEmulator(options).messages).toEqual([]);
  });
});

describe('faults', () => {
  it.each([
    ['lost-anwser', {}, 'fault'],
    [undefined, {}, 'fault'],
    [{ code: 500 }, {}, 'fault.code'],
    [{}, {}, 'fault.status'],
    [{ status: 99 }, {}, 'fault.status'],
    ['lost-response', { time: 2 }, 'options.time'],
    ['lost-response', { times: 0 }, 'options.times'],
    ['429', { match: 'Send-Sms-Single' }, 'options.match'],
  ])('refuse %j with %j, and plan nothing', async (fault, options, path) => {
    const { sms, emulator } = createTestClient();
    const error = thrownBy(() => emulator.failNext(fault as Anything, options as Anything));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path });
    expect((await sms.messages.send({ destination: PERSON, text: 'Hello' })).status).toBe('accepted');
  });

  it('are all named by an error', () => {
    const error = thrownBy(() => createEmulator().failNext('lost' as Anything));
    expect(SmsError.isInstance(error) && error.message).toMatch(/"429".*"lost-response".*"reject"/);
  });
});

describe('people and networks', () => {
  it.each([
    ['reply without a text', { act: 'reply', values: [PERSON] }, 'text'],
    ['reply with a misspelt option', { act: 'reply', values: [PERSON, 'STOP', { too: 'x' }] }, 'options.too'],
    ['report without a state', { act: 'report', values: [PERSON, { stat: 'delivered' }] }, 'report.stat'],
    ['report of nothing', { act: 'report', values: [PERSON, {}] }, 'report.state'],
    ['report at no time', { act: 'report', values: [PERSON, { state: 'sent', at: 'noon' }] }, 'report.at'],
  ] as const)('refuse %s, and post nothing', async (_, { act, values }, path) => {
    const { sms, emulator } = createTestClient();
    const posted: Request[] = [];
    emulator.connect((request) => {
      posted.push(request);
      return receive();
    });
    await sms.messages.send({ destination: PERSON, text: 'Hello' });
    const call = emulator[act] as (...given: unknown[]) => Promise<unknown>;
    const error = await call(...values).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path });
    expect(posted).toEqual([]);
    expect(emulator.messages[0]?.state).toBe('sent');
  });

  it.each([
    [[undefined], 'receive'],
    [[{ handle: receive }], 'receive'],
    [[receive, { authorisation: 'x' }], 'options.authorisation'],
  ] as const)('refuse connect(%j)', (values, path) => {
    const connect = createEmulator().connect as (...given: unknown[]) => void;
    expect(thrownBy(() => connect(...values))).toMatchObject({ code: 'validation', path });
  });
});

describe('a test client', () => {
  it('has prices for its own sub-account, which people also write to', async () => {
    const { sms, emulator } = createTestClient({ subAccountId: 'shop' });
    await sms.account.prices();
    expect(sms.messages.estimate({ destination: PERSON, text: 'Hello' }).price).toMatchObject({
      source: 'price-list',
      country: 'SG',
    });
    emulator.connect(receive);
    const { subAccountId } = await emulator.reply(PERSON, 'Hello?', { to: '+6580000001' });
    expect(subAccountId).toBe('shop');
  });
});
