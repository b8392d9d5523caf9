/** One request at a sign-up form: somebody wants a one-time password for a number. */
export interface FormRequest {
  readonly atMs: number;
  readonly who: 'honest' | 'hammered number' | 'neighbouring numbers' | 'foreign country';
  readonly destination: string;
  /** An honest person types the code in; a robot never does. */
  readonly verifies: boolean;
}

const HOUR_MS = 3_600_000;

/** A small seeded generator, so that every run of the demo sees the same people. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function digits(count: number, random: () => number): string {
  return Array.from({ length: count }, () => Math.floor(random() * 10)).join('');
}

/** 300 people of three countries sign up in an hour; one in ten asks for a second code after 45 seconds. */
function honestPeople(random: () => number): FormRequest[] {
  const plans = [
    { prefix: '+6591', length: 6, people: 150 },
    { prefix: '+62812', length: 8, people: 100 },
    { prefix: '+63917', length: 7, people: 46 },
  ];
  const destinations = plans.flatMap(({ prefix, length, people }) =>
    Array.from({ length: people }, () => prefix + digits(length, random)),
  );
  // Four of them happen to own numbers in the range that is attacked.
  destinations.push('+6281277770055', '+6281277770155', '+6281277770255', '+6281277770355');
  return destinations.flatMap((destination) => {
    const atMs = Math.floor(random() * HOUR_MS * 0.9) + 60_000;
    const first: FormRequest = { atMs, who: 'honest', destination, verifies: random() < 0.9 };
    return first.verifies ? [first] : [first, { ...first, atMs: atMs + 45_000, verifies: true }];
  });
}

/** The robots: one number again and again, a walk through a range, and a country that this shop never sells to. */
function robots(random: () => number): FormRequest[] {
  const hammered = Array.from({ length: 300 }, (_, turn): FormRequest => {
    return { atMs: turn * 12_000, who: 'hammered number', destination: '+6598765432', verifies: false };
  });
  const neighbours = Array.from({ length: 400 }, (_, turn): FormRequest => {
    const destination = `+628127777${String(turn).padStart(4, '0')}`;
    return { atMs: turn * 9_000, who: 'neighbouring numbers', destination, verifies: false };
  });
  const foreign = Array.from({ length: 300 }, (_, turn): FormRequest => {
    return {
      atMs: turn * 12_000 + 5_000,
      who: 'foreign country',
      destination: `+99450${digits(7, random)}`,
      verifies: false,
    };
  });
  return [...hammered, ...neighbours, ...foreign];
}

/** An hour at the form, in order of time; the same hour every time. */
export function hourAtTheForm(): readonly FormRequest[] {
  const random = createRandom(20_261_122);
  return [...honestPeople(random), ...robots(random)].sort((one, other) => one.atMs - other.atMs);
}
