import { REGIONS } from '../config/options.ts';
import { hostsOf } from '../config/resolve-options.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { ValidationError } from '../errors.ts';
import { type Fields, objectWith, validate, webUrl, withMethods } from '../schema.ts';

/** The part of msw's `http` that {@link createMswHandlers} uses. */
export interface MswHttp<Handler> {
  /** Creates a handler for all methods of a path. */
  all(path: string, resolver: (call: { readonly request: Request }) => Promise<Response>): Handler;
}

/** Options of {@link createMswHandlers}. */
export interface MswHandlersOptions<Handler> {
  /** The `http` of your own msw (2 or 3): this package does not import msw. */
  readonly http: MswHttp<Handler>;
  /** The client's `baseUrl`, when it has one. @default none: only 8x8's hosts are intercepted */
  readonly baseUrl?: string | undefined;
}

const fields: Fields<MswHandlersOptions<unknown>> = {
  http: withMethods(['all'], "msw's http"),
  baseUrl: webUrl(),
};
const schema = objectWith(['http'], fields, 'an object { http }');

/**
 * Creates [msw](https://mswjs.io) handlers that route 8x8's hosts, of all regions and products, to the emulator. Use it for
 * code that creates its client itself, with the platform's `fetch`.
 *
 * msw has only one kind of broken connection, so the faults `reset`, `refused`, `dns` and `lost-response` all look the same
 * to the client: `reason: 'other'`, `submission: 'unknown'`.
 *
 * @throws ValidationError `http` is not msw's, or `baseUrl` is not a URL
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
  const flaw = validate(schema, options, 'options');
  if (flaw !== undefined) throw new ValidationError(flaw.message, flaw.path);
  const { http, baseUrl } = options;
  const origins = REGIONS.flatMap((region) => Object.values(hostsOf(region)));
  if (baseUrl !== undefined) origins.push(new URL(baseUrl).origin);
  return origins.map((origin) =>
    http.all(`${origin}/*`, async ({ request }) => {
      try {
        return await emulator.fetch(request);
      } catch (error) {
        // The emulator throws for a broken connection; msw would turn the exception into a 500.
        if (error instanceof TypeError) return Response.error();
        throw error;
      }
    }),
  );
}
