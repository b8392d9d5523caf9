/** Methods of a client that return no promise: they compute, start something in the background, or give results to iterate. */
export const WITHOUT_PROMISE: ReadonlySet<string> = new Set([
  'messages.estimate',
  'messages.feedbackInBackground',
  'messages.sendMany',
  'surveys.sendMany',
  'exports.run',
  'contacts.list',
  'groups.list',
  'contactJobs.list',
]);
