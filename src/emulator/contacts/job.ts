export type ContactJobKind =
  | 'createContacts'
  | 'deleteContacts'
  | 'copyContacts'
  | 'moveContacts'
  | 'deleteGroups';

/** A job: `queued` when it is created, `inProgress` at the first poll, finished at the second. */
export interface ContactJobRecord {
  readonly id: string;
  readonly type: ContactJobKind;
  readonly createdAt: number;
  readonly file?: {
    readonly fileName: string;
    readonly fileType: 'csv' | 'xls';
    readonly fileLocation: string;
  };
  /** Does the work; returns false when nothing could be done. */
  readonly work: () => boolean;
  status: 'queued' | 'inProgress' | 'completed' | 'failed';
}

/** Advances a job by one poll. The work is done at the second poll, so that clients have to wait. */
export function advanceJob(job: ContactJobRecord): void {
  if (job.status === 'queued') job.status = 'inProgress';
  else if (job.status === 'inProgress') job.status = job.work() ? 'completed' : 'failed';
}

export function jobJson({ id, type, status, createdAt }: ContactJobRecord) {
  return { id, type, status, createdAt: new Date(createdAt).toISOString() };
}

/** The JSON of a job with its file, which 8x8 shows in the response to an upload and in lists. */
export function jobWithFileJson(job: ContactJobRecord) {
  return { ...job.file, ...jobJson(job) };
}
