import { optionalText, present, textIn, toFields } from '../parse-response.ts';

/** Kinds that 8x8 documents; a new one is given as it comes. */
export type ContactJobType =
  | 'createContacts'
  | 'deleteContacts'
  | 'copyContacts'
  | 'moveContacts'
  | 'deleteGroups'
  | (string & {});

/** States that 8x8 documents; a new one is given as it comes. `queued` and `inProgress` are not the end. */
export type ContactJobStatus =
  | 'queued'
  | 'inProgress'
  | 'failed'
  | 'completed'
  | 'stopped'
  | 'timeout'
  | (string & {});

/** Work on many contacts, which 8x8 does in its own time. */
export interface ContactJob {
  /** For `contactJobs.get`. */
  readonly id: string;
  readonly status: ContactJobStatus;
  readonly type?: ContactJobType;
  /** ISO 8601. */
  readonly createdAt?: string;
  /** Of an uploaded file. */
  readonly fileName?: string;
  readonly fileType?: 'csv' | 'xls' | (string & {});
  /** Address of the file at 8x8. The file holds people's numbers: do not log the address. */
  readonly fileLocation?: string;
}

export function readJob(value: unknown): ContactJob {
  const fields = toFields(value, 'a job');
  return {
    id: textIn(fields, 'id'),
    status: textIn(fields, 'status'),
    ...present({
      type: optionalText(fields, 'type'),
      createdAt: optionalText(fields, 'createdAt'),
      fileName: optionalText(fields, 'fileName'),
      fileType: optionalText(fields, 'fileType'),
      fileLocation: optionalText(fields, 'fileLocation'),
    }),
  };
}
