import { describe, expect, it, vi } from 'vitest';
import type { OneTimePasswordRequest } from '../../src/index.ts';
import { numberOf, testClient } from '../support/client.ts';

const destination = numberOf(20);
const visitor = { destination, subject: 'visitor-20', human: { passed: true } };

async function failureOf(request: Promise<unknown>): Promise<unknown> {
  return request.then(
    () => expect.fail('it was let through'),
    (error: unknown) => error,
  );
}

/** A client in whose block of numbers strangers get no SMS any more, not even those who pass a captcha. */
async function heldClient(guards: object = {}) {
  const pumping = { mode: 'enforce', action: 'ask' } as const;
  const client = testClient({
    onError: () => {},
    guards: { recipient: false, backoff: false, pumping, ...guards },
  });
  const { sms, emulator } = client;
  const text = { text: 'Your code is 4711', purpose: 'otp' } as const;
  for (let index = 0; index < 8; index += 1)
    await sms.messages.send({ destination: numberOf(index), ...text });
  for (let index = 8; index < 16; index += 1) {
    await sms.messages.send({ destination: numberOf(index), ...text, human: { passed: true } });
  }
  const before = emulator.requests.length;
  const issue = (more: Partial<OneTimePasswordRequest> = {}) =>
    sms.oneTimePasswords.issue({ ...visitor, text: ({ code }) => `Your code is ${code}`, ...more });
  return { ...client, issue, sentSince: () => emulator.requests.length - before };
}

describe('onOtherChannel', () => {
  it('delivers the code where strangers get no SMS; it is checked like any other', async () => {
    const { sms, issue, sentSince } = await heldClient();
    expect(await failureOf(issue())).toMatchObject({ reason: 'other-channel-needed' });
    const codes: string[] = [];
    const issued = await issue({
      onOtherChannel: ({ code, destination: to }) => {
        expect(to).toBe(destination);
        codes.push(code);
      },
    });
    expect(issued).toMatchObject({ destination, isResend: false, isOnOtherChannel: true });
    expect(codes).toHaveLength(1);
    const checked = await sms.oneTimePasswords.check({
      destination,
      subject: 'visitor-20',
      code: codes[0] ?? '',
    });
    expect(checked.verified).toBe(true);
    expect(sentSince()).toBe(0);
  });

  it('is not asked where an SMS may go', async () => {
    const onOtherChannel = vi.fn();
    const { sms, emulator } = testClient();
    const issued = await sms.oneTimePasswords.issue({
      ...visitor,
      text: ({ code }) => `Your code is ${code}`,
      onOtherChannel,
    });
    expect(issued).not.toHaveProperty('isOnOtherChannel');
    expect(onOtherChannel).not.toHaveBeenCalled();
    expect(emulator.requests[0]?.body).not.toHaveProperty('onOtherChannel');
  });

  it('is limited like a message', async () => {
    const onOtherChannel = vi.fn();
    const { issue } = await heldClient({ backoff: {} });
    await issue({ onOtherChannel });
    expect(await failureOf(issue({ onOtherChannel }))).toMatchObject({
      guard: 'backoff',
      reason: 'too-soon',
    });
    expect(onOtherChannel).toHaveBeenCalledTimes(1);
  });

  it('throws the refusal as an outage when it fails, and keeps no code', async () => {
    const { issue, sms } = await heldClient();
    const codes: string[] = [];
    const failing = issue({
      onOtherChannel: ({ code }) => {
        codes.push(code);
        throw new Error('down');
      },
    });
    const error = await failureOf(failing);
    expect(error).toMatchObject({ guard: 'pumping', reason: 'other-channel-needed', outage: true });
    expect(String(error)).toContain('onOtherChannel threw');
    const check = sms.oneTimePasswords.check({ destination, subject: 'visitor-20', code: codes[0] ?? '' });
    expect(await check).toMatchObject({ verified: false, reason: 'no-code' });
  });

  it('ends with the call', async () => {
    const { sms } = await heldClient();
    const controller = new AbortController();
    const issuing = sms.oneTimePasswords.issue(
      {
        ...visitor,
        text: ({ code }) => `Your code is ${code}`,
        onOtherChannel: () => {
          controller.abort();
          return new Promise<void>(() => {});
        },
      },
      { signal: controller.signal },
    );
    expect(await failureOf(issuing)).toMatchObject({ code: 'aborted' });
  });

  it('must be a function', async () => {
    const { issue } = await heldClient();
    expect(await failureOf(issue({ onOtherChannel: 'whatsapp' as never }))).toMatchObject({
      path: 'request.onOtherChannel',
    });
  });
});
