import type { ApiResponse, EmulatorContext } from './context.ts';
import { streamLines } from './csv.ts';
import type { Problem } from './problems.ts';

/** Converts a successful result to an HTTP response. */
export function toResponse(response: ApiResponse): Response {
  const { status, json, lines } = response;
  if (lines !== undefined) {
    return new Response(streamLines(lines), {
      status,
      headers: { 'content-type': 'text/csv; charset=utf-8' },
    });
  }
  // A 204 must not have a body, not even an empty one.
  if (json === undefined) return new Response(null, { status });
  return Response.json(json, { status });
}

/** Converts a problem to an HTTP response in 8x8's error format. */
export function toErrorResponse(problem: Problem, context: EmulatorContext): Response {
  const { status, code, message, headers = {} } = problem;
  const timestamp = new Date(context.clock.now()).toISOString();
  return Response.json({ code, message, errorId: context.ids.uuid(), timestamp }, { status, headers });
}
