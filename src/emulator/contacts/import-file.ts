import { fail, PROBLEMS, ProblemError } from '../problems.ts';
import type { ReceivedForm } from '../read-form.ts';
import type { ContactDraft, ContactStore, GroupRecord } from './contact-store.ts';
import { ADDRESS_NAMES, readContact, readGroups, TEXT_NAMES } from './read-contact.ts';

/** A validated upload. */
export interface ContactUpload {
  readonly fileName: string;
  readonly fileType: 'csv' | 'xls';
  readonly text: string;
  readonly groups: readonly GroupRecord[];
  /** Column names; undefined when the first row has them. */
  readonly columns: readonly string[] | undefined;
}

const invalidParameter = PROBLEMS.invalidParameter;

/** Splits a comma-separated list, ignoring spaces. */
function splitList(text: string): readonly string[] {
  return text.split(',').map((part) => part.trim());
}

export function readUpload(form: ReceivedForm | undefined, store: ContactStore): ContactUpload {
  if (form?.file === undefined) return fail(invalidParameter);
  const { file, fields } = form;
  const { groups, fileHasHeader = 'true', fileColumns } = fields;
  if (fileHasHeader !== 'true' && fileHasHeader !== 'false') return fail(invalidParameter);
  if (fileHasHeader === 'false' && fileColumns === undefined) return fail(invalidParameter);
  const ids = groups === undefined ? [] : splitList(groups).map((id) => ({ id: Number(id) }));
  return {
    fileName: file.name,
    fileType: /\.xlsx?$/i.test(file.name) ? 'xls' : 'csv',
    text: file.text,
    groups: readGroups(ids, store),
    columns: fileHasHeader === 'false' ? splitList(fileColumns ?? '') : undefined,
  };
}

/** Parses a CSV file (RFC 4180), without empty lines. */
function parseRows(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, cell = '', end = ''] of text
    .replace(/^\ufeff/, '')
    .matchAll(/("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|\r|$)/gy)) {
    row.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell.trim());
    if (end === ',') continue;
    if (row.some((value) => value !== '')) rows.push(row);
    row = [];
  }
  return rows;
}

/** Reads a row as a contact; columns that 8x8 does not define are custom attributes. */
function toDraft(columns: readonly string[], row: readonly string[]): ContactDraft {
  const addresses: Record<string, string> = {};
  const texts: Record<string, string> = {};
  const customAttributes: Record<string, string> = {};
  for (const [index, value] of row.entries()) {
    const column = columns[index];
    if (value === '' || column === undefined) continue;
    const isColumn = (name: string) => name.toLowerCase() === column.toLowerCase();
    const address = ADDRESS_NAMES.find(isColumn);
    const text = TEXT_NAMES.find(isColumn);
    if (address !== undefined) addresses[address] = value;
    else if (text !== undefined) texts[text] = value;
    else customAttributes[column] = value;
  }
  return readContact({ ...texts, addresses, customAttributes });
}

/** Creates the contacts, or merges them with known ones. Returns false when no row could be used. */
export function importFile(upload: ContactUpload, store: ContactStore): boolean {
  // Excel files are accepted, but not parsed.
  if (upload.fileType === 'xls') return false;
  const rows = parseRows(upload.text);
  const [header = [], ...rest] = rows;
  const columns = upload.columns ?? header;
  let imported = 0;
  for (const row of upload.columns === undefined ? rest : rows) {
    try {
      const draft = toDraft(columns, row);
      if (Object.keys(draft.addresses).length === 0) continue;
      const [known] = store.findAddresses(draft.addresses);
      const contact = known === undefined ? store.putContact(draft) : store.mergeContact(draft, known);
      for (const group of upload.groups) store.join(contact.id, group);
      imported += 1;
    } catch (error) {
      // A malformed row is skipped; the rest of the file is imported.
      if (!(error instanceof ProblemError)) throw error;
    }
  }
  return imported > 0;
}
