/** Facts about the page and the form of a captcha that a verifier compares. */
export interface CaptchaExpectations {
  /**
   * Host names of your pages, without port. A token that was solved on another page does not pass: anybody can put your widget on a page of
   * theirs. @default not compared
   */
  readonly hostnames?: readonly string[] | undefined;
  /** The action that the widget was given. A token of another form does not pass. @default not compared */
  readonly action?: string | undefined;
}

/** The host name of an origin or a host name, in lower case. */
function hostOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (value.includes('://')) return URL.canParse(value) ? new URL(value).hostname : undefined;
  return value.toLowerCase().replace(/:\d+$/, '');
}

/** Why a token that is valid does not fit; undefined when it does. */
export function findMismatch(
  { hostnames, action }: CaptchaExpectations,
  found: { readonly hostname: unknown; readonly action?: unknown },
): 'wrong-hostname' | 'wrong-action' | undefined {
  if (hostnames !== undefined) {
    const host = hostOf(found.hostname);
    if (host === undefined || !hostnames.some((each) => each.toLowerCase() === host)) return 'wrong-hostname';
  }
  return action !== undefined && found.action !== action ? 'wrong-action' : undefined;
}
