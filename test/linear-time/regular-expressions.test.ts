import { readdirSync, readFileSync } from 'node:fs';
import { analyse } from 'scslre';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { planOf } from '../../src/phone/libphonenumber.ts';
import { findAllSlowness, HOSTILE_RUNS, type HostileText, measureCounting } from '../support/linear-time.ts';

const SOURCE = new URL('../../src/', import.meta.url);
/** CPU time, as a multiple of what counting 100,000 characters takes; the old expression for phone numbers took over 500. */
const MAX_TIMES_COUNTING = 100;
/** Characters of the small text. With 32,000 in the large one quadratic work takes over 100 ms. */
const SMALL = 4_000;

interface Found {
  readonly where: string;
  readonly text: string;
}

/** Literals, and calls that build an expression from a string. */
function findExpressions(): { readonly literals: readonly Found[]; readonly built: readonly Found[] } {
  const literals: Found[] = [];
  const built: Found[] = [];
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  for (const name of files.sort()) {
    const file = ts.createSourceFile(
      name,
      readFileSync(new URL(name, SOURCE), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
    );
    const visit = (node: ts.Node): void => {
      const isBuilt =
        (ts.isNewExpression(node) || ts.isCallExpression(node)) &&
        /(?:^|\.)RegExp$/.test(node.expression.getText());
      if (isBuilt || ts.isRegularExpressionLiteral(node)) {
        const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        (isBuilt ? built : literals).push({ where: `${name}:${line}`, text: node.getText() });
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return { literals, built };
}

function toExpression(literal: string): RegExp {
  const end = literal.lastIndexOf('/');
  return new RegExp(literal.slice(1, end), literal.slice(end + 1));
}

/** Expressions that `src` builds from strings, as they stand there, and what they amount to. */
const URI = "(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})";
const BUILT: Readonly<Record<string, RegExp>> = {
  // Both are compiled from libphonenumber's metadata, and read at most 14 digits. Germany has the longest of the first kind,
  // Argentina of the second.
  'new RegExp(`^(?:${pattern})$`)': new RegExp(`^(?:${planOf('49')?.countries[0]?.general})$`),
  'new RegExp(`^(?:${pattern})`)': new RegExp(`^(?:${planOf('54')?.nationalPrefix})`),
  // Australia has the longest in libphonenumber's metadata.
  'new RegExp(`^(?:${plans.numberingPlan?.IDDPrefix()})$`)':
    /^(?:001[14-689]|14(?:1[14]|34|4[17]|[56]6|7[47]|88)0011)$/,
  "new RegExp(`^https?://${URI_CHARACTERS}+(?:#${URI_CHARACTERS}*)?$`, 'i')": new RegExp(
    `^https?://${URI}+(?:#${URI}*)?$`,
    'i',
  ),
};

/** Texts made of what an expression is made of. */
function textsFor({ source }: RegExp): readonly HostileText[] {
  const known = [...new Set(source.replace(/\\[a-zA-Z]|[\\^$()[\]{}|?*+]/g, ''))].slice(0, 8);
  const units = known.flatMap((one) => [
    `${one} `,
    ...known.map((other) => one + other),
    `${one}${known.join('')}`,
  ]);
  return [...HOSTILE_RUNS, ...units.map((unit) => ({ unit }))].flatMap(({ unit }) => [
    { unit },
    { unit, tail: '\n!' },
  ]);
}

function compileMs({ source, flags }: RegExp, text: string): number {
  // The engine keeps what it compiled: an alternative that nothing matches makes it another expression.
  const fresh = new RegExp(`(?:${source})|\\ufdd0${Math.random()}`, flags);
  const start = process.cpuUsage();
  fresh.test(text);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

const countingMs = measureCounting();

/** Everything that makes an expression take more than linear time, or long before it has read anything. */
async function findFaults(expression: RegExp): Promise<readonly string[]> {
  const { source, flags, global } = expression;
  const { reports } = analyse({ source, flags });
  // Not run on hostile texts: it might never end.
  if (reports.length > 0) {
    return reports.map(
      (report) => `${report.type} ${'quant' in report ? report.quant.raw : report.startQuant.raw}`,
    );
  }
  const found = ['Latin é', 'other 中'].flatMap((text) => {
    const quickest = Math.min(compileMs(expression, text), compileMs(expression, text));
    return quickest > MAX_TIMES_COUNTING * countingMs ? [`compiled in ${quickest} ms for "${text}"`] : [];
  });
  const run = (text: string) => (global ? text.replace(expression, '') : expression.test(text));
  return [...found, ...(await findAllSlowness(run, textsFor(expression), SMALL))];
}

const { literals, built } = findExpressions();

describe('regular expressions of src', () => {
  it('are found', () => {
    expect(literals.length).toBeGreaterThan(150);
    expect(literals.map(({ text }) => text)).toContain('/\\p{Nd}/gu');
  });

  it('are built from strings only where this test knows of it', () => {
    expect(built.map(({ text }) => text)).toEqual(Object.keys(BUILT));
  });

  const byText = new Map(literals.map(({ text, where }) => [text, where]));
  it.each([...byText].map(([text, where]) => [where, text] as const))(
    '%s takes linear time: %s',
    async (_, text) => {
      expect(await findFaults(toExpression(text))).toEqual([]);
    },
  );

  it.each(Object.entries(BUILT))('%s takes linear time', async (_, expression) => {
    expect(await findFaults(expression)).toEqual([]);
  });
});

describe('an expression is refused', () => {
  it.each([
    ['of nested repetitions', /^(?:a+)+$/],
    ['of neighbours that share characters', /\d+[\d ]*x/],
    ['that trims the end', /\s+$/],
    ['that begins anywhere and runs to a bracket', /[^\]]*\]/],
    ['that looks for a link in braces', /\{\{\s*url(?::[^{}]*)?\s*\}\}/g],
    ['of few but ambiguous repetitions', /\p{Nd}(?:(?:\s|[^\p{L}\p{Nd}]){0,3}\p{Nd}){6,}/gu],
  ])('%s', async (_, expression) => {
    expect(await findFaults(expression)).not.toEqual([]);
  });
});
