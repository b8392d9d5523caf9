/** Every endpoint of 8x8 but those that send a message and those that check a code. */
export { createContactJobs } from '../api/contacts/contact-jobs.ts';
export { createContacts } from '../api/contacts/contacts.ts';
export { createGroups } from '../api/contacts/groups.ts';
export { createExports } from '../api/exports/exports.ts';
export { createLookup } from '../api/lookup.ts';
export { createGetMessage } from '../api/message-details.ts';
export { createReconcile } from '../api/reconcile.ts';
export { createRequest } from '../api/request.ts';
export { createWebhookSettings } from '../api/webhook-settings.ts';
