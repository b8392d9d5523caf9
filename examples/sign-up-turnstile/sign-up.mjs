import { ApiError, clientIpFrom, GuardError, InvalidPhoneNumberError, SmsError } from '8x8-sms-guard';
import express from 'express';
import { deviceOf } from './device.mjs';

/** The reasons of all guards that a captcha answers; a token that was used or did not pass needs another one. */
const NEEDS_CAPTCHA = new Set(['captcha-needed', 'captcha-failed', 'token-used']);

/** A text from the body of a request. */
function textIn(body, name) {
  const value = body?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function inWords(waitMs) {
  const seconds = Math.ceil(waitMs / 1_000);
  return seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}

/**
 * The status and the answer where no code was sent, or no code checked.
 *
 * @returns {[status: number, answer: { step: 'captcha' | 'again', message?: string, waitMs?: number }]}
 */
function refusalOf(error, ifUnknown) {
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
  // `unknown`: 8x8 may have sent the code, or judged it; a POST is never repeated.
  const message = error.submission === 'unknown' ? ifUnknown : 'That did not work. Try again in a minute.';
  console.error(error);
  return [ApiError.isInstance(error) ? 502 : 503, { step: 'again', message }];
}

/**
 * A sign-up by telephone number. The form asks for a captcha when a guard does, and not before.
 *
 * @param {object} options
 * @param {import('8x8-sms-guard').SmsClient} options.sms
 * @param {{ siteKey: string, scriptUrl: string }} options.turnstile the page loads the script when a guard asks for a captcha
 * @param {number} options.trustedProxies number of your own proxies in front of this server
 * @param {string} options.cookieSecret signs the cookie of a browser
 * @param {boolean} options.isSecure whether visitors come over HTTPS
 */
export function createSignUp({ sms, turnstile, trustedProxies, ...options }) {
  /** Your database: the number under verification of each browser, and the accounts. */
  const openSessions = new Map();
  const accounts = new Set();

  const visitorOf = (request, response) => ({
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
      response.json({ step: 'code', channel: channel ?? 'sms', waitMs });
    } catch (error) {
      const [status, answer] = refusalOf(
        error,
        'The code may be on its way. Ask for another one if none arrives.',
      );
      response.status(status).json(answer);
    }
  });

  app.post('/accounts', async (request, response) => {
    const visitor = visitorOf(request, response);
    const session = openSessions.get(visitor.subject);
    const code = textIn(request.body, 'code');
    if (session === undefined || code === undefined) {
      response.status(400).json({ step: 'again', message: 'Ask for a code first.' });
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
        response.json({ step: 'done' });
        return;
      }
      const message =
        status === 'WAITING' ? 'That is not the code. Check it and try again.' : 'Ask for a new code.';
      response.status(403).json({ step: 'again', message });
    } catch (error) {
      const [status, answer] = refusalOf(error, 'Enter the same code again in a moment.');
      response.status(status).json(answer);
    }
  });

  return app;
}
