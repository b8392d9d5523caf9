import type { Call } from '../../call.ts';
import { ApiError, GuardError, LimitError, type SmsError } from '../../errors.ts';
import { maskedNumber } from '../../guards/event-fields.ts';
import { type Cache, createCache } from '../../internal/cache.ts';
import { describeDuration } from '../../internal/describe-duration.ts';
import { readReportedTime } from '../../internal/reported-time.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { sendMessages } from '../../sending/pipeline.ts';
import { contentOf, type MessageReader, wireFields } from '../../sending/prepare.ts';
import type { SendOperation, WireResult } from '../../sending/send-operation.ts';
import type { Rewrite } from '../../text/rewrite.ts';
import type { CallOptions } from '../../types.ts';
import { parseResponse } from '../parse-response.ts';
import { refuseShared } from './session-errors.ts';
import { startSchema, type VerificationStart } from './start-input.ts';
import {
  readVerification,
  START,
  type StartedVerification,
  type Verification,
  type VerificationChannel,
} from './verification.ts';
import type { VerificationsContext } from './verifications-context.ts';

/** Defaults of 8x8. */
const DEFAULT_VALIDITY_S = 300;
const DEFAULT_CODE_LENGTH = 4;
const DEFAULT_RESENDING_INTERVAL_S = 10;
const MAX_RESENDING_INTERVAL_S = 7_200;
/** 8x8: "resending interval violation", inside HTTP 403. */
const TOO_EARLY = 1400;
/** Maximum number of remembered times of next codes; a number that was dropped waits the requested interval. */
const MAX_REMEMBERED = 10_000;

/** The longest text that the person may receive: a code with a dash has one more character. */
function filledTemplate(template: string, { codeLength, codeType, brand = '' }: VerificationStart): string {
  const dash = codeType === 'NUMERIC_WITH_DASH' ? 1 : 0;
  const code = '0'.repeat((codeLength ?? DEFAULT_CODE_LENGTH) + dash);
  return template.replaceAll('{code}', code).replaceAll('{brand}', () => brand);
}

function startReader(rewrite: Rewrite): MessageReader<VerificationStart> {
  function writtenTemplate(request: VerificationStart): string | undefined {
    const { template, channel = 'sms', sms } = request;
    // Only a text has parts to save; what is spoken stays as it was written.
    const billed = (changed: string) => (channel === 'sms' ? filledTemplate(changed, request) : '');
    return template === undefined ? undefined : rewrite(template, sms?.encoding, billed);
  }
  return {
    schema: startSchema,
    purpose: 'otp',
    channel: ({ channel = 'sms' }) => channel,
    sources: ({ channel = 'sms', sms }, clientSource) =>
      channel === 'sms' ? [sms?.source, clientSource] : [sms?.source],
    content(request, source) {
      const { sms, extra, brand } = request;
      const written = writtenTemplate(request);
      const text = written === undefined ? '' : filledTemplate(written, request);
      return {
        ...contentOf({ text, source, encoding: sms?.encoding, extra, dlrCallbackUrl: request.callbackUrl }),
        template: written,
        values: brand === undefined ? [] : [brand],
      };
    },
    wire(request, source) {
      const {
        destination: _,
        country: __,
        subject: ___,
        device: _______,
        origin: ________,
        human: ____,
        returning: _____,
        fallbackChannels: ______,
        sms,
        call,
        whatsapp,
        ...rest
      } = request;
      return wireFields({
        ...rest,
        template: writtenTemplate(request),
        sms: sms === undefined && source === undefined ? undefined : wireFields({ ...sms, source }),
        call: call && wireFields({ ...call }),
        whatsapp: whatsapp && wireFields({ ...whatsapp }),
      });
    },
  };
}

/** The request on another channel. Of what it says about the code, `template` is for `sms` and `call` only. */
function onChannel(input: VerificationStart, channel: VerificationChannel): VerificationStart {
  const { template, ...rest } = input;
  const takesTemplate = channel === 'sms' || (channel === 'call' && input.language !== undefined);
  return takesTemplate ? { ...input, channel } : { ...rest, channel };
}

function needsOtherChannel(error: unknown): boolean {
  return GuardError.isInstance(error) && error.reason === 'other-channel-needed';
}

function isTooEarly(error: SmsError): error is ApiError {
  return ApiError.isInstance(error) && error.status === 403 && error.apiCode === TOO_EARLY;
}

function tooEarlyError(phone: Phone, retryAfterMs: number, clientMessageId: string): LimitError {
  const explanation = '8x8 does not send another code to this number yet (resendingInterval).';
  return new LimitError({
    message: `${explanation} Try again in ${describeDuration(retryAfterMs)}. Nothing was sent.`,
    decision: {
      guard: 'verification',
      reason: 'resending-interval',
      mode: 'enforce',
      ...maskedNumber(phone),
      explanation,
      retryAfterMs,
    },
    clientMessageId,
  });
}

function reportedRetryAt({ retryAfter }: Verification): number | undefined {
  return retryAfter === undefined ? undefined : readReportedTime(retryAfter);
}

function laterOf(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}

export function createStartVerification(
  client: VerificationsContext,
): (request: VerificationStart, options?: CallOptions) => Promise<StartedVerification> {
  const { calls, clock, subAccountId, sessionBindings, sessionSuccess, testSessions } = client;
  const reader = startReader(client.rewrite);
  const segments = { subAccountId };
  /** Earliest time of the next code, by number. */
  let nextCodeAt: Cache<number, number> | undefined;

  function remember(phone: Phone, verification: Verification): void {
    const at = reportedRetryAt(verification);
    if (at === undefined) return;
    nextCodeAt ??= createCache(MAX_REMEMBERED);
    nextCodeAt.set(phone.key, at);
  }

  /** The wait from 8x8's header, else from the response to the last code, else the requested interval. */
  function waitOf(error: ApiError, phone: Phone, { resendingInterval }: VerificationStart): number {
    if (error.retryAfterMs !== undefined) return error.retryAfterMs;
    const leftMs = (nextCodeAt?.get(phone.key) ?? 0) - clock.now();
    // The clocks of 8x8 and of this process may differ, so an implausible time is ignored.
    if (leftMs > 0 && leftMs <= MAX_RESENDING_INTERVAL_S * 1_000) return Math.ceil(leftMs);
    return (resendingInterval ?? DEFAULT_RESENDING_INTERVAL_S) * 1_000;
  }

  async function startOn(input: VerificationStart, call: Call): Promise<StartedVerification> {
    const seen: { phone?: Phone; verification?: Verification } = {};
    const operation: SendOperation<VerificationStart> = {
      reader,
      segments,
      request([message]) {
        if (message !== undefined) seen.phone = message.phone;
        const { clientMessageId: _, ...body } = message?.wire ?? {};
        return { operation: START, body };
      },
      async answer([message]) {
        const { codeValidity = DEFAULT_VALIDITY_S } = input;
        const body = message && (await testSessions.open(message.phone, codeValidity * 1_000, call));
        if (message === undefined || body === undefined) return undefined;
        seen.phone = message.phone;
        return { status: 200, body, attempts: 0 };
      },
      read: (response, admitted) =>
        admitted.map((message): WireResult => {
          seen.verification = parseResponse(START, response, readVerification);
          const { index, clientMessageId, content } = message;
          const { parts, encoding } = content?.measure ?? { parts: 1, encoding: 'GSM7' };
          // A session has no umid; this result is used by the pipeline only.
          return {
            status: 'accepted',
            index,
            clientMessageId,
            destination: message.phone.e164,
            umid: '',
            parts,
            encoding,
            attempts: response.attempts,
          };
        }),
    };
    const [result] = await sendMessages(client, [{ index: 0, list: '', input }], operation, call);
    const { phone, verification } = seen;
    if (result?.status === 'accepted' && phone !== undefined && verification !== undefined) {
      const { codeValidity = DEFAULT_VALIDITY_S, subject, channel } = input;
      const { sessionId } = verification;
      const validityMs = codeValidity * 1_000;
      remember(phone, verification);
      await sessionBindings.bind(
        { sessionId, phone, subject, validityMs, isSilent: channel === 'sma' },
        call,
      );
      if (verification.status === 'VERIFIED') {
        refuseShared(verification, await sessionBindings.find(sessionId, phone, subject, call), phone);
      }
      if (channel === 'sma') await sessionSuccess.record(verification, phone, subject, call);
      const retryAt = laterOf(result.retryAt, reportedRetryAt(verification));
      return { ...verification, destination: phone.e164, ...(retryAt !== undefined && { retryAt }) };
    }
    const { error } = result as Exclude<WireResult, { status: 'accepted' }>;
    if (phone === undefined || !isTooEarly(error)) throw error;
    throw tooEarlyError(phone, waitOf(error, phone, input), error.clientMessageId ?? '');
  }

  return (input, options) =>
    calls.run(options, async (call) => {
      try {
        return await startOn(input, call);
      } catch (error) {
        let last: unknown = error;
        // A request that is malformed in these was refused before any guard was asked.
        const { channel: asked = 'sms', fallbackChannels = [] } = input ?? {};
        for (const channel of needsOtherChannel(error) ? fallbackChannels : []) {
          if (channel === asked || !needsOtherChannel(last)) continue;
          try {
            return { ...(await startOn(onChannel(input, channel), call)), channel };
          } catch (refusal) {
            last = refusal;
          }
        }
        throw last;
      }
    });
}
