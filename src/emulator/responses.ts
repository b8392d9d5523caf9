import type { ApiResponse, EmulatorContext } from './context.ts';
import { streamLines } from './csv.ts';
import type { Problem } from './problems.ts';

/** A success as HTTP. */
export function toResponse(response: ApiResponse): Response {
  const { status, json, lines } = response;
  if (lines !== undefined) {
    return new Response(streamLines(lines), {
      status,
      headers: { 'content-type': 'text/csv; charset=utf-8' },
    });
  }
  // A 204 must not even have an empty body.
  if (json === undefined) return new Response(null, { status });
  return Response.json(json, { status });
}

/** An error as 8x8 writes it. */
export function toErrorResponse(problem: Problem, context: EmulatorContext): Response {
  const { status, code, message, headers = {} } = problem;
  const timestamp = new Date(context.clock.now()).toISOString();
  return Response.json({ code, message, errorId: context.ids.uuid(), timestamp }, { status, headers });
}
