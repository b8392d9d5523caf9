import { beforeEach, describe, expect, it, vi } from 'vitest';
import { WebhookError } from '../../../src/errors.ts';
import type { WebhookDelivery } from '../../../src/webhooks/delivery.ts';
import { readDeliveryBody } from '../../../src/webhooks/read-delivery-body.ts';
import { countingSignal } from '../../support/counting-signal.ts';
import { drive, useFakeTimeouts } from '../../support/drive.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
type Body = Parameters<typeof readDeliveryBody>[1];

function read(body: Body, delivery: Partial<WebhookDelivery> = {}, maxBodyBytes = 1_024) {
  const whole: WebhookDelivery = { method: 'POST', header: () => undefined, body, ...delivery };
  return readDeliveryBody(whole, body, { maxBodyBytes, timeoutMs: 5_000 });
}

async function reasonOf(reading: Promise<string>): Promise<string> {
  const error = await reading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return WebhookError.isInstance(error) ? error.reason : `not a WebhookError: ${String(error)}`;
}

/** Counts the chunks that were requested, and records whether the source was cancelled. */
function source(chunks: readonly unknown[], end: 'done' | 'hang' | 'throw' = 'done') {
  const seen = { asked: 0, isStopped: false };
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      seen.asked += 1;
      if (seen.asked <= chunks.length) return { done: false, value: chunks[seen.asked - 1] as Uint8Array };
      if (end === 'throw') throw new Error('reset');
      if (end === 'hang') return new Promise(() => {});
      return { done: true, value: undefined };
    },
    async return() {
      seen.isStopped = true;
      return { done: true, value: undefined };
    },
  };
  return { seen, body: { [Symbol.asyncIterator]: () => iterator } };
}

function streamOf(chunks: readonly Uint8Array[], cancel?: () => void): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    ...(cancel && { cancel }),
  });
}

beforeEach(() => {
  vi.useRealTimers();
});

describe('readDeliveryBody', () => {
  it('reads a text, a stream and an iterable, also with a character split between chunks', async () => {
    const [first, second] = [bytes('{"a":"é').slice(0, -1), new Uint8Array([0xa9, ...bytes('"}')])];
    expect(await read('{}')).toBe('{}');
    expect(await read(streamOf([first, second]))).toBe('{"a":"é"}');
    expect(await read(source([first, second]).body)).toBe('{"a":"é"}');
  });

  it('drops a byte order mark', async () => {
    expect(await read(streamOf([new Uint8Array([0xef, 0xbb, 0xbf]), bytes('{}')]))).toBe('{}');
  });

  it('accepts exactly as many bytes as allowed', async () => {
    expect(await read('x'.repeat(1_024))).toHaveLength(1_024);
    expect(await read(streamOf([bytes('x'.repeat(1_024))]))).toHaveLength(1_024);
    expect(await reasonOf(read('x'.repeat(1_025)))).toBe('too-large');
    expect(await reasonOf(read('é'.repeat(600)))).toBe('too-large');
    expect(await reasonOf(read(streamOf([bytes('x'.repeat(1_025))])))).toBe('too-large');
  });

  it('reads nothing of a body whose header says that it is too large', async () => {
    const { body, seen } = source([bytes('{}')]);
    const header = (name: string) => (name === 'content-length' ? '1025' : undefined);
    expect(await reasonOf(read(body, { header }))).toBe('too-large');
    expect(seen.asked).toBe(0);
  });

  it('does not trust a header that says it is small', async () => {
    expect(await reasonOf(read(streamOf([bytes('x'.repeat(2_000))]), { header: () => '10' }))).toBe(
      'too-large',
    );
    expect(await read('{}', { header: () => 'nonsense' })).toBe('{}');
  });

  it('stops reading when the body becomes too large', async () => {
    const chunk = bytes('x'.repeat(600));
    const { body, seen } = source(Array(50).fill(chunk));
    expect(await reasonOf(read(body))).toBe('too-large');
    expect(seen).toEqual({ asked: 2, isStopped: true });
    const cancel = vi.fn();
    expect(await reasonOf(read(streamOf(Array(50).fill(chunk), cancel)))).toBe('too-large');
    expect(cancel).toHaveBeenCalledOnce();
  });

  it('refuses a body that is not UTF-8 as malformed', async () => {
    expect(await reasonOf(read(streamOf([new Uint8Array([0xff, 0xfe])])))).toBe('malformed');
  });

  it('reports incomplete when the body breaks off, was read before, or yields no bytes', async () => {
    expect(await reasonOf(read(source([bytes('{')], 'throw').body))).toBe('incomplete');
    expect(await reasonOf(read(source(['text']).body))).toBe('incomplete');
    const locked = streamOf([bytes('{}')]);
    locked.getReader();
    expect(await reasonOf(read(locked))).toBe('incomplete');
  });

  it('waits exactly timeoutMs', async () => {
    useFakeTimeouts();
    const { body, seen } = source([bytes('{')], 'hang');
    expect(await drive(reasonOf(read(body)))).toBe('incomplete');
    expect(seen.isStopped).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends when the sender closes the connection, and leaves no listener behind', async () => {
    const aborted = countingSignal();
    const reading = reasonOf(read(source([], 'hang').body, { signal: aborted.signal }));
    aborted.abort();
    expect(await reading).toBe('incomplete');
    const { signal, ...counting } = countingSignal();
    expect(await read(streamOf([bytes('{}')]), { signal })).toBe('{}');
    expect(counting.listeners).toBe(0);
  });

  it('works with a source that cannot be cancelled', async () => {
    const stubborn = source(Array(5).fill(bytes('x'.repeat(600)))).body;
    const iterator = stubborn[Symbol.asyncIterator]();
    iterator.return = async () => {
      throw new Error('no');
    };
    expect(await reasonOf(read({ [Symbol.asyncIterator]: () => iterator }))).toBe('too-large');
    delete iterator.return;
    const again = source(Array(5).fill(bytes('x'.repeat(600)))).body[Symbol.asyncIterator]();
    delete again.return;
    expect(await reasonOf(read({ [Symbol.asyncIterator]: () => again }))).toBe('too-large');
  });
});
