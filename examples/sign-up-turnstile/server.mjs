import { presets, SmsClient } from '8x8-sms-guard';
import { turnstile } from '8x8-sms-guard/captcha';
import { createSignUp } from './sign-up.mjs';

const { env } = process;

function needed(name) {
  const value = env[name];
  if (value === undefined || value === '') throw new Error(`${name} is missing: see README.md`);
  return value;
}

// Key, sub-account and region come from EIGHTBYEIGHT_API_KEY, EIGHTBYEIGHT_SUB_ACCOUNT_ID and EIGHTBYEIGHT_REGION.
const sms = new SmsClient({
  defaultCountry: 'SG',
  guards: presets.otp({
    countries: ['SG', 'MY', 'ID'],
    budgetPerDay: 50,
    canAsk: true,
    human: {
      verify: turnstile({
        secret: needed('TURNSTILE_SECRET'),
        hostnames: needed('TURNSTILE_HOSTNAMES').split(','),
        action: 'sign-up',
        url: env.TURNSTILE_VERIFY_URL,
      }),
    },
  }),
});

const app = createSignUp({
  sms,
  cookieSecret: needed('COOKIE_SECRET'),
  trustedProxies: Number(env.TRUSTED_PROXIES ?? 0),
  isSecure: env.NODE_ENV === 'production',
  turnstile: {
    siteKey: needed('TURNSTILE_SITE_KEY'),
    scriptUrl:
      env.TURNSTILE_SCRIPT_URL ?? 'https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit',
  },
});

const server = app.listen(Number(env.PORT ?? 3000), env.HOST ?? '127.0.0.1', (error) => {
  if (error !== undefined) throw error;
  const address = server.address();
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`);
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close(() => void sms.close()));
}
