/**
 * Names that other SMS APIs use for a field (Twilio, Vonage, MessageBird, Sinch, Plivo, Infobip), and those that people try,
 * without regard to case, dashes and underscores. The first that is allowed at the place is meant.
 */
const MEANT: Readonly<Record<string, readonly string[]>> = {
  to: ['destination', 'destinations'],
  recipient: ['destination', 'destinations'],
  recipients: ['destinations', 'messages', 'destination'],
  phone: ['destination', 'phoneNumber', 'msisdn'],
  phonenumber: ['destination', 'msisdn'],
  phonenumbers: ['destinations', 'msisdns'],
  mobile: ['destination', 'msisdn'],
  msisdn: ['destination', 'phoneNumber'],
  number: ['destination', 'phoneNumber', 'msisdn'],
  numbers: ['destinations', 'msisdns'],
  dst: ['destination'],
  from: ['source'],
  src: ['source'],
  sender: ['source'],
  senderid: ['source'],
  sendername: ['source'],
  originator: ['source'],
  body: ['text', 'templateBody', 'template'],
  message: ['text', 'templateBody', 'messages'],
  content: ['text', 'templateBody'],
  msg: ['text', 'templateBody'],
  sms: ['text', 'messages'],
  template: ['text', 'templateBody'],
  variables: ['templateVariables'],
  parameters: ['templateVariables', 'query'],
  reference: ['clientMessageId', 'clientBatchId'],
  clientref: ['clientMessageId'],
  clientreference: ['clientMessageId'],
  externalid: ['clientMessageId'],
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
  validity: ['expiry', 'codeValidity'],
  validityperiod: ['expiry', 'codeValidity'],
  expireat: ['expiry'],
  expiresat: ['expiry'],
  ttl: ['expiry', 'codeValidity'],
  datacoding: ['encoding'],
  unicode: ['encoding'],
  type: ['purpose', 'channel'],
  category: ['purpose'],
  ip: ['clientIp'],
  ipaddress: ['clientIp'],
  countrycode: ['country', 'defaultCountry'],
  pinlength: ['codeLength'],
  pinexpiry: ['codeValidity'],
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
  maxretries: ['retry.maxAttempts', 'maxAttempts'],
  retries: ['retry.maxAttempts', 'maxAttempts'],
  maxattempts: ['retry.maxAttempts'],
  timeout: ['timeoutMs'],
  deadline: ['deadlineMs'],
  agent: ['fetch'],
  httpagent: ['fetch'],
  httpclient: ['fetch'],
  log: ['logger'],
  debug: ['logger'],
};

/** The field that is meant by a name of another API; `retry.maxAttempts` where only `retry` is allowed. */
export function foreignName(name: string, known: readonly string[]): string | undefined {
  const plain = name.replace(/[_-]/g, '').toLowerCase();
  const meant = Object.hasOwn(MEANT, plain) ? MEANT[plain] : undefined;
  return meant?.find((candidate) => known.includes(candidate.split('.', 1)[0] as string));
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
