// Checks the documents against the code: every ```ts block compiles, every relative link and #anchor leads somewhere,
// the README's first program is examples/quick-start, and every option, error code and event is documented. A block
// that must not compile is marked ```ts no-check.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { anchorsOf, fileNameOf, linksOf, splitFences } from './markdown.mjs';
import { createReport } from './report.mjs';
import { cleanEnvironment, runProgram } from './run-program.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path) => readFileSync(join(root, path), 'utf8');

/** Names that a sample may use without an import: the client, and the reader's own program. */
const READERS_PROGRAM = `
import type * as guard from '8x8-sms-guard';
declare global {
  const sms: guard.SmsClient;
  const message: guard.SmsMessage;
  const recipients: string[];
  const ledger: guard.ConsentLedger;
  const inbound: Parameters<guard.Consent['handleInbound']>[0];
  const rows: guard.BatchMessage[] & (() => AsyncIterable<guard.BatchMessage>);
  let sent: number;
  const db: {
    mayText(destination: string, purpose: string): Promise<boolean>;
    mayTextMany(destinations: readonly string[]): Promise<boolean[]>;
    consentOf(keys: readonly string[]): Promise<(guard.ConsentRecord | undefined)[]>;
    addConsent(changes: readonly guard.ConsentChange[]): Promise<void>;
    consentHistory(key: string): Promise<guard.ConsentEntry[]>;
    forgetConsent(key: string, keepAs: string): Promise<void>;
  };
  const secrets: { read(name: string, options: { signal: AbortSignal }): Promise<string> };
  const metrics: { increment(name: string, labels?: object): void };
  function save(...values: unknown[]): Promise<void>;
  function sendLater(message: guard.SmsMessage, delayMs?: number): void;
  function reconcileLater(clientMessageId: string | undefined): void;
  function tellSupport(error: Error): void;
  function page(error: Error): void;
  const tracker: { captureException(error: unknown, hint?: object): void };
  function log(...values: unknown[]): void;
  function saveToken(token: string): Promise<void>;
  function readToken(): Promise<string | undefined>;
}
`;

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
].sort();

function brokenLinks(path, markdown) {
  const broken = [];
  for (const target of linksOf(markdown)) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
    const [file, anchor] = target.split('#');
    const found = file === '' ? path : relative(root, resolve(root, dirname(path), file));
    if (!existsSync(join(root, found))) broken.push(`${target}: no such file`);
    else if (anchor !== undefined && !anchorsOf(read(found)).has(anchor))
      broken.push(`${target}: no such heading`);
  }
  return broken;
}

const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(
  { ...config, include: [], files: ['src/index.ts'] },
  ts.sys,
  root,
);

/** Type-checks files that exist only here. */
function createProgram(samples) {
  const host = ts.createCompilerHost(options);
  const { fileExists, directoryExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => samples.has(path) || fileExists(path);
  const folders = new Set([...samples.keys()].map((path) => dirname(path)));
  host.directoryExists = (path) => folders.has(path) || directoryExists(path);
  host.readFile = (path) => samples.get(path) ?? readFile(path);
  host.getSourceFile = (path, language, ...rest) =>
    samples.has(path)
      ? ts.createSourceFile(path, samples.get(path), language, true)
      : getSourceFile(path, language, ...rest);
  const noUnused = { noUnusedLocals: false, noUnusedParameters: false };
  return ts.createProgram([...samples.keys(), join(root, 'src/index.ts')], { ...options, ...noUnused }, host);
}

/** Files of one document are in one folder, where they import each other. Of two with one name the first is imported. */
function placeOf(path, line, fileName) {
  const folder = join(root, path.replaceAll(/\W/g, '-'));
  const named = join(folder, fileName ?? '');
  return fileName === undefined || samples.has(named) ? `${folder}-${line}.ts` : named;
}

const samples = new Map([[join(root, 'reader.d.ts'), READERS_PROGRAM]]);
const linesOf = new Map();
const samplesOf = new Map();
const unclosed = new Map();
for (const path of documents) {
  try {
    for (const { info, line, code } of splitFences(read(path)).blocks) {
      if (!/^(ts|typescript)$/.test(info)) continue;
      const name = placeOf(path, line, fileNameOf({ code }));
      samples.set(name, `${code}export {};\n`);
      linesOf.set(name, line);
      samplesOf.set(path, [...(samplesOf.get(path) ?? []), name]);
    }
  } catch (error) {
    unclosed.set(path, error);
  }
}
const program = createProgram(samples);

function faultsOf(name) {
  const source = program.getSourceFile(name);
  return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
    ({ start = 0, messageText }) => {
      const line = source.getLineAndCharacterOfPosition(start).line + linesOf.get(name);
      return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    },
  );
}

/** The names that a type of the code consists of: its fields, or its literals (of a union of events, their `type`). */
function namesIn(file, typeName) {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(join(root, file));
  const node = source?.statements.find((statement) => statement.name?.text === typeName);
  if (node === undefined) throw new Error(`${file} has no ${typeName}`);
  const type = checker.getTypeAtLocation(node.name);
  const members = type.isUnion() ? type.types : [type];
  if (members.every((member) => member.isStringLiteral())) return members.map(({ value }) => value);
  const fieldType = (member, name) => checker.getTypeOfSymbolAtLocation(member.getProperty(name), node);
  if (type.isUnion()) {
    const tags = members.map((member) => fieldType(member, 'type'));
    return tags.flatMap((tag) => (tag.isUnion() ? tag.types : [tag])).map(({ value }) => value);
  }
  return checker.getPropertiesOfType(type).map(({ name }) => name);
}

/** The parts of the code that each document must name. */
const COVERED = [
  ['docs/options.md', 'src/config/options.ts', 'SmsClientOptions'],
  ['docs/audit.md', 'src/audit/audit-options.ts', 'AuditLogOptions'],
  ['docs/audit.md', 'src/audit/audit-report.ts', 'AuditProblemKind'],
  ['docs/options.md', 'src/config/options.ts', 'RetryOptions'],
  ['docs/options.md', 'src/config/options.ts', 'PaceOptions'],
  ['docs/options.md', 'src/sending/source.ts', 'SourceByCountry'],
  ['docs/options.md', 'src/guards/registry.ts', 'GuardsOptions'],
  ['docs/options.md', 'src/types.ts', 'CallOptions'],
  ['docs/options.md', 'src/guards/phone.ts', 'PhoneGuardOptions'],
  ['docs/options.md', 'src/guards/content.ts', 'ContentGuardOptions'],
  ['docs/options.md', 'src/guards/links.ts', 'LinksGuardOptions'],
  ['docs/options.md', 'src/guards/countries.ts', 'CountriesGuardOptions'],
  ['docs/options.md', 'src/guards/quiet-hours/quiet-hours.ts', 'QuietHoursGuardOptions'],
  ['docs/options.md', 'src/guards/quiet-hours/sending-hours.ts', 'SendingHours'],
  ['docs/options.md', 'src/guards/duplicate.ts', 'DuplicateGuardOptions'],
  ['docs/options.md', 'src/guards/consent-options.ts', 'ConsentGuardOptions'],
  ['docs/options.md', 'src/consent/inbound-options.ts', 'InboundConsentOptions'],
  ['docs/options.md', 'src/guards/recipient.ts', 'RecipientGuardOptions'],
  ['docs/options.md', 'src/guards/backoff.ts', 'BackoffGuardOptions'],
  ['docs/options.md', 'src/guards/prefix.ts', 'PrefixGuardOptions'],
  ['docs/options.md', 'src/guards/verification-attempts.ts', 'VerificationAttemptsGuardOptions'],
  ['docs/options.md', 'src/guards/undeliverable.ts', 'UndeliverableGuardOptions'],
  ['docs/options.md', 'src/limits/memory-limits.ts', 'MemoryLimitsOptions'],
  ['docs/options.md', 'src/events.ts', 'SmsEvent'],
  ['docs/guards.md', 'src/guards/reasons.ts', 'GuardName'],
  ['docs/guards.md', 'src/phone/phone-failure.ts', 'PhoneFailureReason'],
  ['docs/guards.md', 'src/phone/policy.ts', 'PhoneRefusalReason'],
  ['docs/consent.md', 'src/guards/reasons.ts', 'ConsentReason'],
  ['docs/consent.md', 'src/consent/double-opt-in.ts', 'OptInReason'],
  ['docs/consent.md', 'src/consent/double-opt-in.ts', 'OptInRequest'],
  ['docs/consent.md', 'src/consent/import-options.ts', 'ImportConsentOptions'],
  ['docs/consent.md', 'src/consent/consent-row.ts', 'ConsentRow'],
  ['docs/scaling.md', 'src/redis/redis-limits.ts', 'RedisLimitsOptions'],
  ['docs/scaling.md', 'src/redis/redis-limits.ts', 'LocalLimitsOptions'],
  ['docs/scaling-outages.md', 'src/redis/failover/limits-event.ts', 'LimitsEvent'],
  ['docs/consent.md', 'src/redis/redis-consent-ledger.ts', 'RedisConsentLedgerOptions'],
  ['docs/postgres.md', 'src/postgres/postgres-consent-ledger.ts', 'PostgresConsentLedgerOptions'],
  ['docs/errors.md', 'src/errors.ts', 'SmsErrorCode'],
  ['docs/webhooks.md', 'src/errors.ts', 'WebhookFailure'],
  ['docs/webhooks.md', 'src/webhooks/receiver-options.ts', 'WebhookReceiverOptions'],
  ['docs/webhooks.md', 'src/webhooks/receiver-options.ts', 'WebhookHandlers'],
  ['docs/webhooks.md', 'src/webhooks/authentication/authenticate.ts', 'WebhookCredentials'],
  ['docs/webhooks.md', 'src/webhooks/authentication/access-token-options.ts', 'AccessTokenOptions'],
  ['docs/webhooks.md', 'src/webhooks/authentication/source-addresses.ts', 'SourceAddressOptions'],
  ['docs/errors.md', 'src/errors.ts', 'ConnectionFailure'],
  ['docs/testing.md', 'src/emulator/faults.ts', 'FaultName'],
  ['docs/testing.md', 'src/emulator/faults.ts', 'FaultOptions'],
  ['docs/testing.md', 'src/testing/outbox.ts', 'OutboxMessage'],
  ['docs/testing.md', 'src/emulator/emulator-options.ts', 'EmulatorOptions'],
  ['docs/sandbox.md', 'src/sandbox/options.ts', 'SandboxOptions'],
  ['docs/sandbox.md', 'src/sandbox/options.ts', 'SandboxWebhook'],
];

const report = createReport();
const failWith = (faults) => {
  if (faults.length > 0) throw new Error(faults.join('\n'));
};

for (const path of documents) {
  await report.check(`${path}: samples`, () => {
    if (unclosed.has(path)) throw unclosed.get(path);
    const names = samplesOf.get(path) ?? [];
    failWith(names.flatMap(faultsOf));
    return `${names.length}`;
  });
  await report.check(`${path}: links`, () => failWith(brokenLinks(path, read(path))));
  // Mermaid itself is 140 packages; what broke a diagram here once was a semicolon, which ends a statement.
  const diagrams = splitFences(read(path)).blocks.filter(({ info }) => info === 'mermaid');
  if (diagrams.length > 0) {
    await report.check(`${path}: diagrams`, () =>
      failWith(
        diagrams.filter(({ code }) => code.includes(';')).map(({ line }) => `line ${line}: holds a ;`),
      ),
    );
  }
}
await report.check('README.md: its first program is examples/quick-start/send.mjs', () => {
  const [first] = splitFences(read('README.md')).blocks.filter(({ info }) => info === 'ts');
  if (first?.code !== read('examples/quick-start/send.mjs')) throw new Error('they differ');
});
await report.check('README.md: the tests that it names are there', () => {
  const named =
    read('README.md')
      .match(/`test\/[\w/.-]+`/g)
      ?.map((quoted) => quoted.slice(1, -1)) ?? [];
  failWith(named.filter((path) => !existsSync(join(root, path))).map((path) => `missing: ${path}`));
  return `${named.length}`;
});
for (const [path, file, typeName] of COVERED) {
  await report.check(`${path}: names all of ${typeName}`, () => {
    const document = read(path);
    const names = namesIn(file, typeName);
    failWith(names.filter((name) => !document.includes(`\`${name}\``)).map((name) => `missing: \`${name}\``));
    return `${names.length}`;
  });
}
await report.check('docs/demo.md: what the demo prints', async () => {
  const output = await runProgram(process.execPath, ['examples/demo/demo.ts'], {
    cwd: root,
    env: cleanEnvironment(),
  });
  const printed = new Set(output.split('\n').map((line) => line.trim()));
  const { blocks } = splitFences(read('docs/demo.md'));
  const lines = blocks.filter(({ info }) => info === 'text').flatMap(({ code }) => code.split('\n'));
  failWith(lines.filter((line) => !printed.has(line.trim())).map((line) => `not printed: ${line}`));
  return `${lines.length} lines`;
});
await report.check('docs/README.md: lists every document', () => {
  const pages = readdirSync(join(root, 'docs')).filter(
    (name) => name.endsWith('.md') && name !== 'README.md',
  );
  const index = read('docs/README.md');
  failWith(pages.filter((name) => !index.includes(`](${name})`)).map((name) => `missing: ${name}`));
  return `${pages.length}`;
});
await report.check('docs/decisions/README.md: lists every record', () => {
  const records = readdirSync(join(root, 'docs/decisions')).filter((name) => /^\d{4}-.*\.md$/.test(name));
  const index = read('docs/decisions/README.md');
  failWith(records.filter((name) => !index.includes(`(${name})`)).map((name) => `missing: ${name}`));
  return `${records.length}`;
});
await report.check('docs/security-checklist.md: every test that it names exists', () => {
  const named = new Set(read('docs/security-checklist.md').match(/\btest\/[\w./-]+\.ts\b/g));
  failWith([...named].filter((path) => !existsSync(join(root, path))));
  return `${named.size}`;
});
await report.check('docs/options.md: names every environment variable', () => {
  const used = new Set(
    `${read('src/config/options.ts')}${read('src/config/resolve-options.ts')}`.match(/EIGHTBYEIGHT_[A-Z_]+/g),
  );
  failWith([...used].filter((name) => !read('docs/options.md').includes(name)));
});
report.finish();
