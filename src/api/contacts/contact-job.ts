import { optionalNumber, optionalText, present, textIn, toFields } from '../parse-response.ts';

/** Kinds that 8x8 documents; a new one is passed on unchanged. */
export type ContactJobType =
  | 'createContacts'
  | 'deleteContacts'
  | 'copyContacts'
  | 'moveContacts'
  | 'deleteGroups'
  | (string & {});

/** States that 8x8 documents; a new one is passed on unchanged. A job in `queued` or `inProgress` has not ended. */
export type ContactJobStatus =
  | 'queued'
  | 'inProgress'
  | 'failed'
  | 'completed'
  | 'stopped'
  | 'timeout'
  | (string & {});

/** Work on many contacts, which 8x8 does in the background. */
export interface ContactJob {
  /** ID for `contactJobs.get`. */
  readonly id: string;
  readonly status: ContactJobStatus;
  readonly type?: ContactJobType;
  /** ISO 8601. */
  readonly createdAt?: string;
  /** Name of the uploaded file. */
  readonly fileName?: string;
  readonly fileType?: 'csv' | 'xls' | (string & {});
  /** URL of the file at 8x8. The file contains phone numbers: do not log the URL. */
  readonly fileLocation?: string;
  /** Address of the rows that 8x8 could not read. They contain people's numbers: do not log the address. */
  readonly invalidFileLocation?: string;
  /** Number of rows in the file. */
  readonly totalRows?: number;
  /** Number of rows that 8x8 could not read. */
  readonly errorRows?: number;
  /** Number of rows whose contact occurs earlier in the file, or already exists at 8x8. */
  readonly duplicatedRows?: number;
  /** Number of rows that became contacts. */
  readonly insertedRows?: number;
  /** Groups that the contacts joined. */
  readonly contactGroups?: readonly ContactJobGroup[];
}

/** A group of an upload, as far as 8x8 shows it: it documents the field and not its form. */
export interface ContactJobGroup {
  readonly id?: number;
  readonly name?: string;
}

/** A group as an object, or as its id or name alone. */
function readJobGroup(value: unknown): ContactJobGroup {
  if (typeof value === 'number') return { id: value };
  if (typeof value === 'string') return { name: value };
  const fields = toFields(value, 'a group of the job');
  return present({ id: optionalNumber(fields, 'id'), name: optionalText(fields, 'name') });
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
      invalidFileLocation: optionalText(fields, 'invalidFileLocation'),
      totalRows: optionalNumber(fields, 'totalRows'),
      errorRows: optionalNumber(fields, 'errorRows'),
      duplicatedRows: optionalNumber(fields, 'duplicatedRows'),
      insertedRows: optionalNumber(fields, 'insertedRows'),
      contactGroups: Array.isArray(fields.contactGroups) ? fields.contactGroups.map(readJobGroup) : undefined,
    }),
  };
}
