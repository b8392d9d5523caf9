/** Formats one line of CSV (RFC 4180): commas, CRLF, quotes only where needed, doubled quotes. */
export function csvLine(values: readonly (string | number | undefined)[]): string {
  const cells = values.map((value) => {
    const text = String(value ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  });
  return `${cells.join(',')}\r\n`;
}
