import type { Fetch } from '../../src/types.ts';

/** A request as it was written. */
export interface WrittenRequest {
  readonly url: string;
  readonly headers: Headers;
  /** Parsed JSON. */
  readonly body: unknown;
}

/** A response, a function that creates one from the request, or an error to throw. */
export type PlannedAnswer = Response | Error | ((request: WrittenRequest) => Response | Promise<Response>);

/** A `fetch` that returns its responses in order, then repeats the last one; and the requests that were written. */
export function respondWith(answers: readonly PlannedAnswer[]): { fetch: Fetch; written: WrittenRequest[] } {
  const written: WrittenRequest[] = [];
  return {
    written,
    async fetch(url, init) {
      const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined;
      const request = { url: String(url), headers: new Headers(init?.headers), body };
      written.push(request);
      const answer = answers[Math.min(written.length, answers.length) - 1];
      if (answer instanceof Error) throw answer;
      if (answer === undefined) throw new Error('no answer was planned');
      return typeof answer === 'function' ? answer(request) : answer.clone();
    },
  };
}

/** A refused connection: the one failure that proves that nothing left. */
export function refusedConnection(): TypeError {
  return new TypeError('fetch failed', {
    cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
  });
}

/** A connection that was lost after the request was sent. */
export function lostConnection(): TypeError {
  return new TypeError('fetch failed', {
    cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
  });
}

export function jsonResponse(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}
