import { lazyPart } from '../internal/lazy-part.ts';

/** Parts of the client that are loaded with their first use. The build makes one file of each. */
export const parts = {
  endpoints: lazyPart(() => import('./endpoints.ts')),
  codes: lazyPart(() => import('./codes.ts')),
  inbound: lazyPart(() => import('./inbound.ts')),
};
