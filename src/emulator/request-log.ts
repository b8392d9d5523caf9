import type { EmulatedRequest } from './faults.ts';
import { forgetOldest } from './forget-oldest.ts';
import type { ReceivedBody } from './read-request.ts';
import type { RouteMatch } from './router.ts';

/** A request in progress. */
export interface LogEntry {
  readonly request: () => EmulatedRequest;
  /** Adds the outcome. */
  readonly record: (outcome: Pick<EmulatedRequest, 'status' | 'fault'>) => void;
}

export interface RequestLog {
  add(request: Request, url: URL, match: RouteMatch, body: ReceivedBody, at: number): LogEntry;
  readonly all: () => readonly EmulatedRequest[];
  clear(): void;
}

export function createRequestLog(maxKept: number): RequestLog {
  const requests = new Map<number, EmulatedRequest>();
  const attempts = new Map<string, number>();
  let count = 0;
  return {
    add(request, url, match, body, at) {
      const identity = `${request.method} ${url.pathname}${url.search}\n${body.text}`;
      const attempt = (attempts.get(identity) ?? 0) + 1;
      attempts.set(identity, attempt);
      count += 1;
      const number = count;
      const operationId = 'route' in match ? match.route.operationId : undefined;
      let entry: EmulatedRequest = {
        at,
        method: request.method,
        path: url.pathname,
        ...(operationId !== undefined && { operationId }),
        ...(body.text !== '' && { body: body.json === undefined ? body.text : body.json.value }),
        authorized: request.headers.has('authorization'),
        attempt,
      };
      requests.set(number, entry);
      forgetOldest(requests, maxKept);
      forgetOldest(attempts, maxKept);
      return {
        request: () => entry,
        record(outcome) {
          entry = { ...entry, ...outcome };
          if (requests.has(number)) requests.set(number, entry);
        },
      };
    },
    all: () => [...requests.values()],
    clear() {
      requests.clear();
      attempts.clear();
    },
  };
}
