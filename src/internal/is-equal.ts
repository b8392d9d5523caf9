/** Compares a secret in a time that depends on its length only. */
export function isEqual(entered: string, secret: string): boolean {
  let difference = entered.length ^ secret.length;
  for (let index = 0; index < secret.length; index += 1) {
    difference |= entered.charCodeAt(index) ^ secret.charCodeAt(index);
  }
  return difference === 0;
}
