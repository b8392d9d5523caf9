/** A form that was posted: its texts, and its file. */
export interface ReceivedForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly file?: { readonly name: string; readonly text: string };
}

/** The content type, with its boundary, of what says that it is a form. */
export function formTypeOf(request: Request): string | undefined {
  const type = request.headers.get('content-type');
  return type?.startsWith('multipart/form-data') === true ? type : undefined;
}

/** Undefined when it is no form. */
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
