import { InvalidArgumentError } from 'commander';

/** Returns a reader of a whole number for an option. */
export function wholeNumber(min: number, max: number): (given: string) => number {
  return (given) => {
    const value = Number(given);
    if (!/^\d+$/.test(given) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** Returns a reader of a number for an option. */
export function decimalNumber(min: number, max: number): (given: string) => number {
  return (given) => {
    const value = Number(given);
    if (!/^\d+(\.\d+)?$/.test(given) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** Collects an option that may be given several times. */
export function collect(given: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, given];
}

/** Reads the address of a web server. */
export function webAddress(given: string): string {
  if (!/^https?:/i.test(given) || !URL.canParse(given)) {
    throw new InvalidArgumentError('It must be a web address such as https://team.example/8x8.');
  }
  return given;
}

/** Collects an option such as `destination=Phone` that may be given several times. */
export function collectPair(
  given: string,
  previous: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [name = '', ...rest] = given.split('=');
  if (name === '' || rest.length === 0)
    throw new InvalidArgumentError('It must be written as field=heading.');
  return { ...previous, [name]: rest.join('=') };
}

/** Reads a point in time; the library checks every text but `now`. */
export function timeOrNow(given: string): Date | string {
  return given === 'now' ? new Date() : given;
}
