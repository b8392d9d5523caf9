/** A posted form: its text fields, and its file. */
export interface ReceivedForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly file?: { readonly name: string; readonly text: string };
}

/** The content type of a form with its boundary; undefined for any other request. */
export function formTypeOf(request: Request): string | undefined {
  const type = request.headers.get('content-type');
  return type?.startsWith('multipart/form-data') === true ? type : undefined;
}

/** Parses a form; undefined for a body that is not one. */
export async function readForm(
  pieces: readonly BlobPart[],
  formType: string,
): Promise<ReceivedForm | undefined> {
  let form: FormData;
  try {
    form = await new Response(new Blob([...pieces]), { headers: { 'content-type': formType } }).formData();
  } catch {
    return undefined;
  }
  const fields: Record<string, string> = {};
  for (const [name, value] of form) if (typeof value === 'string') fields[name] = value;
  const file = form.get('file');
  if (file === null || typeof file === 'string') return { fields };
  return { fields, file: { name: file.name, text: await file.text() } };
}
