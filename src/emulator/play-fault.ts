import type { EmulatorContext } from './context.ts';
import {
  type EmulatedRequest,
  type FaultResponse,
  faultProblem,
  HTML_PAGE,
  networkError,
  type PlannedFault,
} from './faults.ts';
import { INTERNAL_ERROR } from './problems.ts';
import { waitFor } from './read-request.ts';
import { toErrorResponse } from './responses.ts';

const SLOW_MS = 1000;
const BAD_GATEWAY = 502;

/** The request that a fault is played on. */
export interface FaultyExchange {
  readonly signal: AbortSignal | undefined;
  readonly url: URL;
  /** Carries out the request; with a reason, every message is REJECTED. */
  readonly handle: (rejection?: string) => Response;
  readonly context: EmulatorContext;
  readonly record: (outcome: Pick<EmulatedRequest, 'fault'>) => void;
}

/** Returns the response of a fault, or throws the error of a broken connection. */
export async function playFault(planned: PlannedFault, exchange: FaultyExchange): Promise<Response> {
  const { fault, options } = planned;
  const { signal, url, handle: carryOut, context } = exchange;
  exchange.record({ fault: typeof fault === 'string' ? fault : 'response' });
  if (options.accepted === true) carryOut();
  if (typeof fault !== 'string') return ownResponse(fault);
  switch (fault) {
    case 'reset':
    case 'refused':
    case 'dns':
      throw networkError(fault, url);
    case 'html':
      return new Response(HTML_PAGE, {
        status: options.status ?? BAD_GATEWAY,
        headers: { 'content-type': 'text/html' },
      });
    case 'lost-response':
      carryOut();
      throw networkError('reset', url);
    case 'slow': {
      const response = carryOut();
      await waitFor(options.delayMs ?? SLOW_MS, signal);
      return response;
    }
    case 'truncated': {
      const { status, headers, text } = await readParts(carryOut());
      return new Response(text.slice(0, Math.ceil(text.length / 2)), { status, headers });
    }
    case 'empty': {
      const { status, headers } = await readParts(carryOut());
      return new Response(null, { status, headers });
    }
    case 'reject':
      return carryOut(options.description ?? INTERNAL_ERROR);
    default:
      return toErrorResponse(faultProblem(fault, options), context);
  }
}

/** Reads a response, so that a broken copy of it can be built. */
async function readParts(response: Response) {
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function ownResponse({ status, body, headers: given }: FaultResponse): Response {
  const headers = new Headers({ ...given });
  if (typeof body !== 'object') return new Response(body ?? null, { status, headers });
  if (!headers.has('content-type')) headers.set('content-type', 'application/json');
  return new Response(JSON.stringify(body), { status, headers });
}
