/** `1 part`, `2 parts`, `10,000 parts` */
export function plural(amount: number, word: string): string {
  return `${amount.toLocaleString('en-US')} ${word}${amount === 1 ? '' : 's'}`;
}
