import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AbortedError } from '../../../src/errors.ts';
import { normalisePhone } from '../../../src/phone/normalise-phone.ts';
import { normalisePhones } from '../../../src/phone/normalise-phones.ts';

const numbers = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ raw: `+65${first + index}` }));

describe('normalisePhones', () => {
  let now = 0;
  let millisecondsPerLook = 0;

  beforeEach(() => {
    now = 0;
    millisecondsPerLook = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      now += millisecondsPerLook;
      return now;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  it('gives the answers of normalisePhone, in order', async () => {
    const items = [
      { raw: '9123 4567', country: 'SG' },
      { raw: 12 },
      { raw: '9123 4567' },
      { raw: '+6591234567' },
    ];
    expect(await normalisePhones(items)).toEqual(
      items.map(({ raw, country }) => normalisePhone(raw, country)),
    );
    expect(await normalisePhones([])).toEqual([]);
  });

  it('pauses whenever 4 ms have passed', async () => {
    const pauses = vi.spyOn(globalThis, 'setImmediate');
    millisecondsPerLook = 4;
    // The clock is read every 16 numbers.
    await normalisePhones(numbers(81_000_000, 16 * 20));
    expect(pauses).toHaveBeenCalledTimes(19);
  });

  it('pauses every 512 numbers where the clock stands still', async () => {
    const pauses = vi.spyOn(globalThis, 'setImmediate');
    expect(await normalisePhones(numbers(82_000_000, 1_535))).toHaveLength(1_535);
    expect(pauses).toHaveBeenCalledTimes(2);
  });

  it('needs no setImmediate', async () => {
    vi.stubGlobal('setImmediate', undefined);
    const timers = vi.spyOn(globalThis, 'setTimeout');
    expect(await normalisePhones(numbers(83_000_000, 512))).toHaveLength(512);
    expect(timers).toHaveBeenCalledTimes(1);
  });

  it('keeps the numbers of a short list, and lets a long one pass by the cache', async () => {
    const national = (first: number, count: number) =>
      numbers(first, count).map(({ raw }) => ({ raw: String(raw).slice(3), country: 'SG' }));
    const [short] = await normalisePhones(national(84_000_000, 500));
    expect(normalisePhone('84000000', 'SG')).toBe(short);
    const [long] = await normalisePhones(national(85_000_000, 501));
    expect(normalisePhone('85000000', 'SG')).toEqual(long);
    expect(normalisePhone('85000000', 'SG')).not.toBe(long);
  });

  it('stops at an abort before the first number and at any pause', async () => {
    await expect(
      normalisePhones(numbers(86_000_000, 1), { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({
      name: 'AbortError',
      submission: 'not-submitted',
    });
    const controller = new AbortController();
    const looked = vi.fn();
    const items = numbers(86_000_000, 2_000).map(({ raw }) => ({
      get raw() {
        looked();
        return raw;
      },
    }));
    const batch = normalisePhones(items, { signal: controller.signal });
    controller.abort();
    const error: unknown = await batch.catch((thrown: unknown) => thrown);
    expect(AbortedError.isInstance(error)).toBe(true);
    expect(looked).toHaveBeenCalledTimes(511);
  });
});
