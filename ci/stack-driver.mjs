// Drives every public method of the built package into every kind of error that it throws, and prints what it saw as JSON:
// `node stack-driver.mjs esm` or `cjs`. ci/stacks.mjs runs it and checks the output.
import { createRequire } from 'node:module';
import { createCases } from './stack-cases.mjs';

const [, driverPath, format] = process.argv;
const require = createRequire(import.meta.url);
const load = (entry) => (format === 'cjs' ? require(`../dist/${entry}.cjs`) : import(`../dist/${entry}.js`));
const library = await load('index');
const { SmsClient, memoryLimits } = library;
const { createEmulator } = await load('testing');
const { METHODS, FUNCTIONS, NEVER_THROWS, PERSON } = createCases(library, {
  ...(await load('postgres')),
  ...(await load('webhooks')),
});

/** How callers wait; each must be found. */
const STYLES = {
  'return without await': async (work) => work(),
  'a catch that throws again': async (work) => {
    await work().catch((error) => {
      throw error;
    });
  },
  'Promise.all': async (work) => {
    await Promise.all([work()]);
  },
  'then and finally': async (work) => {
    await work()
      .then(() => {})
      .finally(() => {});
  },
};

let count = 0;
function createClient(options = {}) {
  count += 1;
  return new SmsClient({
    apiKey: 'key-of-the-driver',
    subAccountId: 'driver',
    accountId: 'account',
    scope: `driver-${count}`,
    fetch: createEmulator().fetch,
    limits: memoryLimits(),
    retry: false,
    ...(typeof options === 'function' ? options() : options),
  });
}

/** The line that a stack must lead to. */
async function theCaller(work) {
  await work();
}

async function provoke(method, kind, wait = theCaller) {
  const [kinds, call] = METHODS[method] ?? FUNCTIONS[method];
  const { client, call: options, before, earlier, number = PERSON } = kinds[kind];
  const sms = createClient(client);
  const prepared = await before?.(sms);
  const work = () => call(sms, number, options, prepared);
  const underWay = Promise.allSettled(earlier?.(sms, work) ?? []);
  try {
    await (wait === theCaller ? theCaller(work) : theCaller(() => wait(work)));
  } catch (error) {
    const path = driverPath.replace(/.*[\\/]/, '');
    const leadsHere = new RegExp(`theCaller \\(?.*${path}:\\d+:\\d+`).test(error.stack);
    return { method, kind, thrown: error.constructor.name, leadsHere, stack: error.stack };
  } finally {
    await sms.close({ drainMs: 0 });
    await underWay;
  }
  return { method, kind, thrown: 'nothing', leadsHere: false, stack: '' };
}

const seen = [];
for (const [method, [kinds]] of Object.entries({ ...METHODS, ...FUNCTIONS })) {
  for (const kind of Object.keys(kinds)) seen.push(await provoke(method, kind));
}
for (const [style, wait] of Object.entries(STYLES)) {
  for (const kind of ['ValidationError', 'ServerError']) {
    seen.push({ ...(await provoke('messages.send', kind, wait)), method: `messages.send, ${style}` });
  }
}
const sms = createClient();
const namespaces = Object.entries(sms).filter(([, value]) => typeof value === 'object');
const publicMethods = [
  ...namespaces.flatMap(([space, value]) => Object.keys(value).map((name) => `${space}.${name}`)),
  ...Object.getOwnPropertyNames(SmsClient.prototype),
];
const errorClasses = Object.values(library).filter((value) => value.prototype instanceof Error);
console.log(
  JSON.stringify({
    seen,
    unknownMethods: publicMethods.filter((name) => !(name in METHODS)),
    unknownFunctions: Object.keys(library).filter(
      (name) => /^[a-z]/.test(name) && !(name in FUNCTIONS) && !NEVER_THROWS.includes(name),
    ),
    classes: errorClasses.map(({ name }) => name).filter((name) => name !== 'SmsError'),
  }),
);
