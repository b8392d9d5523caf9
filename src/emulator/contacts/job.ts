export type ContactJobKind =
  | 'createContacts'
  | 'deleteContacts'
  | 'copyContacts'
  | 'moveContacts'
  | 'deleteGroups';

/** A job as it stands: `queued` when it was taken, `inProgress` at the first question, ended at the second. */
export interface ContactJobRecord {
  readonly id: string;
  readonly type: ContactJobKind;
  readonly createdAt: number;
  readonly file?: {
    readonly fileName: string;
    readonly fileType: 'csv' | 'xls';
    readonly fileLocation: string;
  };
  /** Does the work; false when nothing of it could be done. */
  readonly work: () => boolean;
  status: 'queued' | 'inProgress' | 'completed' | 'failed';
}

/** One question after it: the work is done at the second, so that a program that waits has something to wait for. */
export function advanceJob(job: ContactJobRecord): void {
  if (job.status === 'queued') job.status = 'inProgress';
  else if (job.status === 'inProgress') job.status = job.work() ? 'completed' : 'failed';
}

export function jobJson({ id, type, status, createdAt }: ContactJobRecord) {
  return { id, type, status, createdAt: new Date(createdAt).toISOString() };
}

/** With its file, which 8x8 shows when it takes the file and in lists. */
export function jobWithFileJson(job: ContactJobRecord) {
  return { ...job.file, ...jobJson(job) };
}
