/** Formats for people. */

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const minute = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const number = new Intl.NumberFormat();

export const formatCount = (count: number): string => number.format(count);
export const formatTime = (at: number): string => time.format(at);
export const formatDateTime = (at: number): string => dateTime.format(at);

/** Hour and minute of today, otherwise the day. */
export function formatShort(at: number): string {
  return new Date(at).toDateString() === new Date().toDateString() ? minute.format(at) : day.format(at);
}

export function formatMoney(amount: number, currency: string): string {
  const digits = amount !== 0 && amount < 1 ? 3 : 2;
  try {
    return new Intl.NumberFormat(undefined, {
      style: 'currency',
      currency,
      currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(amount);
  } catch {
    return `${amount.toFixed(digits)} ${currency}`;
  }
}

/** JSON with indents; other text stays as it is. */
export function formatJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** A wait in words. */
export function formatWait(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3_600)} h`;
}

/** Groups the digits after the calling code, so that they can be read. A masked number stays as it is. */
export function formatNumber(key: string, callingCode: string | undefined): string {
  if (callingCode === undefined || key.includes('*') || !key.startsWith(`+${callingCode}`)) return key;
  const groups = key.slice(1 + callingCode.length).match(/.{1,4}(?!.$)/g) ?? [];
  return `+${callingCode} ${groups.join(' ')}`;
}
