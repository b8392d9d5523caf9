/** CSV as RFC 4180 has it: commas, CRLF, quotes around what needs them, quotes doubled. */
export function csvLine(values: readonly (string | number | undefined)[]): string {
  const cells = values.map((value) => {
    const text = String(value ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  });
  return `${cells.join(',')}\r\n`;
}
