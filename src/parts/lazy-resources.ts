import type { ClientContext } from '../client-context.ts';
import { lazyResource, type MethodKinds } from '../internal/lazy-part.ts';
import { assertUsable, type OneTimePasswordsConfig } from '../one-time-passwords/one-time-passwords.ts';
import { parts } from './parts.ts';

/** Resources of a client whose code is loaded with the first call of one of their methods. */
export function createLazyResources(client: ClientContext, oneTimePasswords: OneTimePasswordsConfig) {
  if (oneTimePasswords.options !== undefined) assertUsable(oneTimePasswords);
  const resource = <Resource extends object>(
    create: (part: typeof import('./endpoints.ts')) => Resource,
    kinds: MethodKinds<Resource>,
  ): Resource => lazyResource(parts.endpoints, client.calls, create, kinds);

  return {
    contacts: resource(({ createContacts }) => createContacts(client), {
      list: 'rows',
      create: 'promise',
      get: 'promise',
      update: 'promise',
      delete: 'promise',
      block: 'promise',
    }),
    contactJobs: resource(({ createContactJobs }) => createContactJobs(client), {
      createContacts: 'promise',
      deleteContacts: 'promise',
      copyContacts: 'promise',
      moveContacts: 'promise',
      deleteGroups: 'promise',
      get: 'promise',
      list: 'rows',
    }),
    exports: resource(({ createExports }) => createExports(client), {
      start: 'promise',
      get: 'promise',
      cancel: 'promise',
      run: 'rows',
    }),
    groups: resource(({ createGroups }) => createGroups(client), {
      list: 'rows',
      create: 'promise',
      get: 'promise',
      update: 'promise',
      delete: 'promise',
      addContacts: 'promise',
      removeContacts: 'promise',
    }),
    lookup: resource(({ createLookup }) => createLookup(client), { get: 'promise' }),
    messages: resource(
      ({ createGetMessage, createReconcile }) => ({
        get: createGetMessage(client),
        reconcile: createReconcile(client),
      }),
      { get: 'promise', reconcile: 'promise' },
    ),
    oneTimePasswords: lazyResource(
      parts.codes,
      client.calls,
      (part) => part.createOneTimePasswords(oneTimePasswords),
      { issue: 'promise', check: 'promise' },
    ),
    /** The method of the client itself. */
    free: resource(({ createRequest }) => ({ request: createRequest(client) }), { request: 'promise' }),
    verifications: lazyResource(
      parts.codes,
      client.calls,
      ({ createVerifications }) => createVerifications(client),
      { start: 'promise', get: 'promise', check: 'promise', smaCoverage: 'promise' },
    ),
    webhookSettings: resource(({ createWebhookSettings }) => createWebhookSettings(client), {
      list: 'promise',
      set: 'promise',
      delete: 'promise',
    }),
  };
}
