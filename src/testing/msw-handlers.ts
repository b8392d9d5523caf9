import type { Emulator } from '../emulator/emulator.ts';
import { ValidationError } from '../errors.ts';
import { REGIONS } from '../options.ts';
import { hostsOf } from '../resolve-options.ts';
import { type Fields, findFlaw, having, shapeWith, webUrl } from '../schema.ts';

/** The part of msw's `http` that is used. */
export interface MswHttp<Handler> {
  all(path: string, resolver: (call: { readonly request: Request }) => Promise<Response>): Handler;
}

/** What {@link createMswHandlers} needs of you. */
export interface MswHandlersOptions<Handler> {
  /** `http` of your own msw (2 or 3): this package imports none. */
  readonly http: MswHttp<Handler>;
  /** The client's `baseUrl`, when it has one. */
  readonly baseUrl?: string | undefined;
}

const fields: Fields<MswHandlersOptions<unknown>> = {
  http: having(['all'], "msw's http"),
  baseUrl: webUrl(),
};
const schema = shapeWith(['http'], fields, 'an object { http }');

/**
 * Puts the pretend 8x8 on the network with [msw](https://mswjs.io): one handler for each host of 8x8, all regions and
 * products. For code that makes its client itself, with the platform's `fetch`.
 *
 * msw knows only one kind of broken connection, so the faults `reset`, `refused`, `dns` and `lost-response` all look the same
 * to the client: `reason: 'other'`, `submission: 'unknown'`.
 *
 * @throws ValidationError `http` is not msw's, or `baseUrl` is no URL
 * @example
 * ```ts
 * const emulator = createEmulator();
 * const server = setupServer(...createMswHandlers(emulator, { http }));
 * server.listen({ onUnhandledFrame: 'error' }); // msw 2: onUnhandledRequest
 * ```
 */
export function createMswHandlers<Handler>(
  emulator: Pick<Emulator, 'fetch'>,
  options: MswHandlersOptions<Handler>,
): Handler[] {
  const flaw = findFlaw(schema, options, 'options');
  if (flaw !== undefined) throw new ValidationError(flaw.message, flaw.path);
  const { http, baseUrl } = options;
  const origins = REGIONS.flatMap((region) => Object.values(hostsOf(region)));
  if (baseUrl !== undefined) origins.push(new URL(baseUrl).origin);
  return origins.map((origin) =>
    http.all(`${origin}/*`, async ({ request }) => {
      try {
        return await emulator.fetch(request);
      } catch (error) {
        // What the emulator throws is a broken connection; msw would make a 500 of it.
        if (error instanceof TypeError) return Response.error();
        throw error;
      }
    }),
  );
}
