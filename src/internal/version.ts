/** Name and version of the package, as requests carry them; a test compares it with package.json. */
export const USER_AGENT = '8x8-sms-guard/0.1.0';
