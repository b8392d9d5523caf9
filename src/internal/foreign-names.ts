/**
 * Names that other SMS APIs use for a field (Twilio, Vonage, MessageBird, Sinch, Plivo, Infobip), and those that people try,
 * without regard to case, dashes and underscores. The first that is allowed at the place is meant.
 */
const MEANT: Readonly<Record<string, readonly string[]>> = {
  to: ['destination', 'destinations'],
  recipient: ['destination', 'destinations', 'guards.recipient'],
  recipients: ['destinations', 'messages', 'destination'],
  phone: ['destination', 'phoneNumber', 'msisdn', 'guards.phone'],
  phonenumber: ['destination', 'msisdn'],
  phonenumbers: ['destinations', 'msisdns', 'destination'],
  mobile: ['destination', 'msisdn'],
  msisdn: ['destination', 'phoneNumber'],
  number: ['destination', 'phoneNumber', 'msisdn'],
  numbers: ['destinations', 'msisdns', 'destination'],
  tonumber: ['destination'],
  dst: ['destination'],
  from: ['source'],
  src: ['source'],
  sender: ['source'],
  senderid: ['source'],
  sendername: ['source'],
  fromnumber: ['source'],
  originator: ['source'],
  body: ['text', 'templateBody', 'template'],
  message: ['text', 'templateBody', 'messages'],
  content: ['text', 'templateBody', 'guards.content'],
  msg: ['text', 'templateBody'],
  sms: ['text', 'messages'],
  template: ['text', 'templateBody'],
  variables: ['templateVariables'],
  parameters: ['templateVariables', 'query'],
  reference: ['clientMessageId', 'clientBatchId'],
  ref: ['clientMessageId', 'clientBatchId'],
  clientref: ['clientMessageId'],
  clientreference: ['clientMessageId'],
  externalid: ['clientMessageId'],
  customid: ['clientMessageId'],
  customerref: ['clientMessageId'],
  tag: ['clientMessageId'],
  metadata: ['clientMessageId'],
  id: ['clientMessageId'],
  messageid: ['clientMessageId'],
  batchid: ['clientBatchId'],
  callback: ['dlrCallbackUrl', 'callbackUrl'],
  callbackurl: ['dlrCallbackUrl'],
  statuscallback: ['dlrCallbackUrl', 'callbackUrl'],
  statusurl: ['dlrCallbackUrl', 'callbackUrl'],
  deliveryreport: ['dlrCallbackUrl'],
  deliveryreporturl: ['dlrCallbackUrl'],
  dlrurl: ['dlrCallbackUrl'],
  notifyurl: ['dlrCallbackUrl', 'callbackUrl'],
  reporturl: ['dlrCallbackUrl'],
  webhook: ['dlrCallbackUrl', 'callbackUrl', 'url'],
  sendat: ['scheduled'],
  scheduleat: ['scheduled'],
  schedule: ['scheduled'],
  scheduledat: ['scheduled'],
  scheduleddatetime: ['scheduled'],
  scheduletime: ['scheduled'],
  scheduledtime: ['scheduled'],
  scheduledfor: ['scheduled'],
  sendtime: ['scheduled'],
  deliverat: ['scheduled'],
  deliverytime: ['scheduled'],
  validity: ['expiry', 'codeValidity'],
  validityperiod: ['expiry', 'codeValidity'],
  validfor: ['expiry', 'codeValidity'],
  validuntil: ['expiry'],
  expireat: ['expiry'],
  expiresat: ['expiry'],
  ttl: ['expiry', 'codeValidity'],
  datacoding: ['encoding'],
  unicode: ['encoding'],
  type: ['purpose', 'channel'],
  category: ['purpose'],
  ip: ['clientIp'],
  userip: ['clientIp'],
  remoteip: ['clientIp'],
  ipaddress: ['clientIp'],
  country: ['defaultCountry'],
  countrycode: ['country', 'defaultCountry'],
  length: ['codeLength'],
  pinlength: ['codeLength'],
  pinexpiry: ['codeValidity'],
  expiry: ['codeValidity'],
  expiresin: ['expiry', 'codeValidity'],
  otp: ['code'],
  pin: ['code'],
  templateid: ['templateKey'],
  templatename: ['templateKey'],
  lang: ['language'],
  locale: ['language'],
  lg: ['language'],
  key: ['apiKey', 'idempotencyKey'],
  token: ['apiKey'],
  apitoken: ['apiKey'],
  authtoken: ['apiKey'],
  apisecret: ['apiKey'],
  accesskey: ['apiKey'],
  secret: ['apiKey'],
  accountsid: ['accountId', 'subAccountId'],
  subaccount: ['subAccountId'],
  account: ['accountId'],
  host: ['baseUrl', 'region'],
  endpoint: ['baseUrl'],
  url: ['baseUrl'],
  maxretries: ['retry.maxAttempts', 'maxAttempts'],
  retries: ['retry.maxAttempts', 'maxAttempts'],
  maxattempts: ['retry.maxAttempts'],
  timeout: ['timeoutMs'],
  deadline: ['deadlineMs'],
  agent: ['fetch'],
  proxy: ['fetch'],
  httpagent: ['fetch'],
  httpclient: ['fetch'],
  store: ['limits'],
  redis: ['limits'],
  ratelimit: ['pace', 'recipient'],
  log: ['logger'],
  debug: ['logger'],
  verbose: ['logLevel'],
  hooks: ['onEvent'],
  listener: ['onEvent'],
  retrycount: ['retry.maxAttempts', 'maxAttempts'],
  retrydelay: ['retry'],
  throttle: ['pace'],
  defaultfrom: ['source'],
  // Guards that are given beside `guards`, and their options by other names
  consent: ['guards.consent'],
  optout: ['consent', 'guards.consent'],
  quiethours: ['guards.quietHours'],
  budget: ['guards.budget'],
  duplicate: ['guards.duplicate'],
  countries: ['guards.countries'],
  links: ['guards.links'],
  blocklist: ['consent', 'undeliverable', 'deny'],
  blacklist: ['consent', 'undeliverable', 'deny'],
  allowlist: ['allow'],
  whitelist: ['allow'],
  block: ['deny'],
  max: ['limit'],
  maxmessages: ['limit'],
  interval: ['windowMs'],
  daily: ['perDay'],
  hourly: ['perHour'],
  monthly: ['perMonth'],
  maxsegments: ['maxParts'],
  segments: ['maxParts'],
  start: ['hours'],
  end: ['hours'],
  timezone: ['hours'],
};

/** The field that is meant by a name of another API; `retry.maxAttempts` where only `retry` is allowed. */
export function foreignName(name: string, known: readonly string[]): string | undefined {
  const plain = name.replace(/[_-]/g, '').toLowerCase();
  const meant = Object.hasOwn(MEANT, plain) ? MEANT[plain] : undefined;
  return meant?.find((candidate) => known.includes(candidate.split('.', 1)[0] as string));
}

/** Fields of the last argument of every method. */
const CALL_OPTIONS: ReadonlySet<string> = new Set([
  'signal',
  'timeoutMs',
  'deadlineMs',
  'maxAttempts',
  'context',
  'onResponse',
]);

/**
 * The argument that a name belongs to, if it was passed in the other one. Stripe's SDK, for example, takes `idempotencyKey` in its
 * second argument.
 */
export function placeOf(name: string, known: readonly string[]): string | undefined {
  if (CALL_OPTIONS.has(name) && (known.includes('destination') || known.includes('destinations'))) {
    return `it is an option of the call. Pass { ${name} } as the last argument.`;
  }
  if (name === 'idempotencyKey' && known.includes('onResponse')) {
    return 'it is a field of the message. Pass it in the first argument.';
  }
  return undefined;
}

/** The ISO 3166-1 alpha-2 code of a country that is written out in English; undefined when there is none. */
export function codeOfCountry(name: string): string | undefined {
  if (name.length > 60) return undefined;
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const wanted = name.trim().toLowerCase();
  for (const first of letters) {
    for (const second of letters) {
      // DD was East Germany: its successor has the name.
      const code = new Intl.Locale(`und-${first}${second}`).region ?? '';
      if (names.of(code)?.toLowerCase() === wanted) return code;
    }
  }
  return undefined;
}
