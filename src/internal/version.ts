/** The version of the package; a test compares it with package.json. */
export const VERSION = '0.1.0';

/** Name and version of the package, as requests carry them. */
export const USER_AGENT = `8x8-sms-guard/${VERSION}`;

/** The page about errors, as it is in this version. */
export const TROUBLESHOOTING_URL = `https://github.com/OWNER/8x8-sms-guard/blob/v${VERSION}/docs/troubleshooting.md`;
