// Checked by `npm run typecheck`; nothing here runs.
import { type HttpHandler, http } from 'msw';
import { setupServer } from 'msw/node';
import { describe, expectTypeOf, it } from 'vitest';
import { createMswHandlers, type Emulator } from '../../src/testing/index.ts';

declare const emulator: Emulator;

describe('createMswHandlers', () => {
  it("returns the handlers of the user's own msw", () => {
    const handlers = createMswHandlers(emulator, { http });
    expectTypeOf(handlers).toEqualTypeOf<HttpHandler[]>();
    setupServer(...handlers);
  });

  it('needs nothing of msw but `http.all`', () => {
    expectTypeOf(createMswHandlers(emulator, { http: { all: (path) => path } })).toEqualTypeOf<string[]>();
  });
});
