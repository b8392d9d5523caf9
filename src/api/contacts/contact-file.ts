import type { Call } from '../../call.ts';
import { ValidationError } from '../../errors.ts';
import { raceAbort } from '../../internal/wait.ts';
import { boolean, type Fields, list, objectWith, pattern, refine, unknown } from '../../schema.ts';
import type { Upload } from '../../transport/transport.ts';
import { MAX_GROUPS } from './contact.ts';
import { idList } from './group.ts';

/** A file of contacts to create. */
export interface ContactFile {
  /** CSV (a string, bytes or a `Blob`) or Excel (bytes or a `Blob`), at most 30 MB. */
  readonly file: Blob | Uint8Array | string;
  /** File name; 8x8 derives the file type from its extension. @default the name of a `File`, else `contacts.csv` */
  readonly fileName?: string | undefined;
  /** IDs of groups for the contacts, at most 10. */
  readonly groups?: readonly number[] | undefined;
  /** False when the first row is already a contact; then `fileColumns` is required. @default true */
  readonly fileHasHeader?: boolean | undefined;
  /** Names of the columns in order, for example `['msisdn', 'firstName', 'lastName']`. */
  readonly fileColumns?: readonly string[] | undefined;
}

/** "The file size is limited to 30 Mb": https://developer.8x8.com/connect/reference/batch-upload-contacts */
const MAX_FILE_BYTES = 30 * 1024 * 1024;
const DEFAULT_FILE_NAME = 'contacts.csv';
/** Chosen by this package: 7 addresses, 4 fields of the person and 50 attributes fit. */
const MAX_COLUMNS = 100;

const fileFields: Fields<ContactFile> = {
  // Validated by `toBlob`.
  file: unknown(),
  fileName: pattern(
    /^[^\p{Cc}"/\\]{1,200}$/u,
    'a file name of up to 200 characters, without quotes and slashes',
  ),
  groups: idList({ max: MAX_GROUPS }),
  fileHasHeader: boolean(),
  fileColumns: list(pattern(/^[^\p{Cc},]{1,200}$/u, 'the name of a column, without a comma'), {
    min: 1,
    max: MAX_COLUMNS,
  }),
};
export const fileSchema = refine<ContactFile>(
  objectWith(['file'], fileFields, 'an object { file, … }'),
  ({ fileHasHeader, fileColumns }) => fileHasHeader !== false || fileColumns !== undefined,
  'needs fileColumns when fileHasHeader is false.',
);

function refuse(problem: string): never {
  throw new ValidationError(`upload.file ${problem} Nothing was sent.`, 'upload.file');
}

/** A copy of the bytes, so that later changes by the caller have no effect. */
function toBlob(file: unknown): Blob {
  if (file instanceof Blob) return file;
  if (typeof file === 'string') return new Blob([file], { type: 'text/csv' });
  if (file instanceof Uint8Array) return new Blob([new Uint8Array(file)]);
  return refuse('must be a Blob, a Uint8Array or a string.');
}

/** Serialises the form. */
export async function writeForm(input: ContactFile, call: Call): Promise<Upload> {
  const { file, groups, fileHasHeader, fileColumns } = input;
  const blob = toBlob(file);
  if (blob.size === 0 || blob.size > MAX_FILE_BYTES) refuse('must have 1 byte to 30 MB.');
  const form = new FormData();
  form.append('file', blob, input.fileName ?? nameOf(file) ?? DEFAULT_FILE_NAME);
  if (groups !== undefined) form.append('groups', groups.join(','));
  if (fileHasHeader !== undefined) form.append('fileHasHeader', String(fileHasHeader));
  if (fileColumns !== undefined) form.append('fileColumns', fileColumns.join(','));
  const written = new Response(form);
  const contentType = written.headers.get('content-type') as string;
  const bytes = await raceAbort(readBytes(written), call.signal);
  return { contentType, bytes };
}

function nameOf(file: unknown): string | undefined {
  return typeof File !== 'undefined' && file instanceof File ? file.name : undefined;
}

/** The error may contain a path of the caller's machine, so it is not shown. */
async function readBytes(form: Response): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await form.arrayBuffer());
  } catch {
    return refuse('cannot be read.');
  }
}
