import {
  ApiError,
  clientIpFrom,
  GuardError,
  InvalidPhoneNumberError,
  type SmsClient,
  SmsError,
} from '8x8-sms-guard';
import express, { type Express, type Request, type Response } from 'express';
import { deviceOf } from './device.ts';

export interface SignUpOptions {
  readonly sms: Pick<SmsClient, 'verifications'>;
  /** Signs the cookie of a browser. */
  readonly cookieSecret: string;
  /** Number of your own proxies in front of this server. */
  readonly trustedProxies: number;
  /** Whether visitors come over HTTPS. */
  readonly isSecure: boolean;
  readonly turnstile: {
    readonly siteKey: string;
    /** Cloudflare's script, which the page loads when a guard asks for a captcha. */
    readonly scriptUrl: string;
  };
}

/** The answers of `POST /codes` and `POST /accounts`. */
type Answer =
  | { readonly step: 'code'; readonly channel: string; readonly waitMs: number }
  | { readonly step: 'captcha' }
  | { readonly step: 'done' }
  | { readonly step: 'again'; readonly message: string; readonly waitMs?: number };

/** The reasons of all guards that a captcha answers; a token that was used or did not pass needs another one. */
const NEEDS_CAPTCHA: ReadonlySet<string> = new Set(['captcha-needed', 'captcha-failed', 'token-used']);

/** A text from the body of a request. */
function textIn(body: unknown, name: string): string | undefined {
  const value = (body as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function inWords(waitMs: number): string {
  const seconds = Math.ceil(waitMs / 1_000);
  return seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}

/** The status and the answer of a code that was not sent. */
function refusalOf(error: unknown): readonly [status: number, answer: Answer] {
  if (InvalidPhoneNumberError.isInstance(error)) {
    return [400, { step: 'again', message: 'Check the number: it cannot receive an SMS.' }];
  }
  if (GuardError.isInstance(error)) {
    const { reason, retryAfterMs: waitMs } = error;
    if (error.outage) {
      return [503, { step: 'again', message: 'We could not check your request. Try again in a minute.' }];
    }
    if (NEEDS_CAPTCHA.has(reason)) return [403, { step: 'captcha' }];
    if (reason !== 'other-channel-needed' && waitMs !== undefined) {
      return [429, { step: 'again', message: `Try again in ${inWords(waitMs)}.`, waitMs }];
    }
    if (reason === 'country-not-allowed') {
      return [403, { step: 'again', message: 'We do not send codes to this country yet.' }];
    }
    return [403, { step: 'again', message: 'We cannot send a code to this number now. Try again later.' }];
  }
  if (!SmsError.isInstance(error)) throw error;
  // `unknown`: the code may be on its way, and must not be sent twice.
  const message =
    error.submission === 'unknown'
      ? 'The code may be on its way. Ask for another one if none arrives.'
      : 'We could not send the code. Try again in a minute.';
  console.error(error);
  return [ApiError.isInstance(error) ? 502 : 503, { step: 'again', message }];
}

/** A sign-up by telephone number. The form asks for a captcha when a guard does, and not before. */
export function createSignUp({ sms, turnstile, trustedProxies, ...options }: SignUpOptions): Express {
  /** Your database: the number under verification of each browser, and the accounts. */
  const openSessions = new Map<string, { readonly sessionId: string; readonly destination: string }>();
  const accounts = new Set<string>();

  const visitorOf = (request: Request, response: Response) => ({
    subject: deviceOf(request, response, options),
    clientIp: clientIpFrom(request, { trustedProxies }),
  });

  const app = express();
  app.disable('x-powered-by');
  app.use((_request, response, next) => {
    const captcha = new URL(turnstile.scriptUrl).origin;
    response.set({
      'content-security-policy': `default-src 'none'; script-src 'self' ${captcha}; frame-src ${captcha}; connect-src 'self' ${captcha}; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    });
    next();
  });
  app.use(express.static(new URL('page', import.meta.url).pathname));
  app.use(express.json({ limit: '10kb' }));
  app.get('/settings', (request, response) => {
    deviceOf(request, response, options);
    response.json(turnstile);
  });

  app.post('/codes', async (request, response) => {
    const token = textIn(request.body, 'token');
    const visitor = visitorOf(request, response);
    try {
      const { sessionId, destination, channel, retryAt } = await sms.verifications.start({
        destination: textIn(request.body, 'number') ?? '',
        ...visitor,
        human: token === undefined ? undefined : { token },
        brand: 'Tea Club',
        // Where strangers get no SMS although they passed the captcha, the code comes by Viber: nobody earns with it.
        fallbackChannels: ['viber'],
      });
      openSessions.set(visitor.subject, { sessionId, destination });
      const waitMs = retryAt === undefined ? 0 : Math.max(0, retryAt - Date.now());
      response.json({ step: 'code', channel: channel ?? 'sms', waitMs } satisfies Answer);
    } catch (error) {
      const [status, answer] = refusalOf(error);
      response.status(status).json(answer);
    }
  });

  app.post('/accounts', async (request, response) => {
    const visitor = visitorOf(request, response);
    const session = openSessions.get(visitor.subject);
    const code = textIn(request.body, 'code');
    if (session === undefined || code === undefined) {
      response.status(400).json({ step: 'again', message: 'Ask for a code first.' } satisfies Answer);
      return;
    }
    try {
      // A right code tells the guards that this visitor, and this address, are people.
      const { verified, status } = await sms.verifications.check(session.sessionId, {
        code,
        destination: session.destination,
        ...visitor,
      });
      if (verified) {
        accounts.add(session.destination);
        openSessions.delete(visitor.subject);
        response.json({ step: 'done' } satisfies Answer);
        return;
      }
      const message =
        status === 'WAITING' ? 'That is not the code. Check it and try again.' : 'Ask for a new code.';
      response.status(403).json({ step: 'again', message } satisfies Answer);
    } catch (error) {
      const [status, answer] = refusalOf(error);
      response.status(status).json(answer);
    }
  });

  return app;
}
