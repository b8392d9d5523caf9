import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createGuards, GUARD_NAMES, resolveGuards } from '../../../src/guards/registry.ts';
import { guardNeeds } from '../../support/guard-needs.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('the registry of guards', () => {
  it.each(GUARD_NAMES)('%s: its options have an exported type', (name) => {
    const typeName = `${name.charAt(0).toUpperCase()}${name.slice(1)}GuardOptions`;
    expect(read('src/guards/registry.ts')).toContain(typeName);
    expect(read('src/index.ts')).toContain(`  ${typeName},`);
  });

  it.each(GUARD_NAMES)('%s: the documents describe it', (name) => {
    expect(read('docs/guards.md')).toContain(`\`${name}\``);
    expect(read('docs/options.md')).toContain(`\`${name}\``);
  });

  it('decides the defaults once, and a named guard takes their place', () => {
    const defaults = resolveGuards({});
    expect(Object.keys(defaults)).toEqual(GUARD_NAMES);
    expect(GUARD_NAMES.filter((name) => defaults[name] === false)).toEqual([
      'links',
      'countries',
      'quietHours',
      'duplicate',
      'prefix',
      'clientIp',
      'custom',
      'policy',
    ]);
    expect(resolveGuards({ phone: false, prefix: {} })).toEqual({ ...defaults, phone: false, prefix: {} });
    expect(resolveGuards({ phone: undefined })).toEqual(defaults);
  });

  it('creates every guard that is on under its own name', () => {
    const custom = { guards: [{ name: 'own' }] };
    const policy = { decide: () => ({ action: 'allow' }) as const };
    const every = {
      ...resolveGuards({}),
      links: {},
      quietHours: {},
      duplicate: {},
      countries: { allow: ['SG'] },
      prefix: {},
      clientIp: {},
      custom,
      policy,
    };
    const { all, atSend, atCheck } = createGuards(every, guardNeeds());
    expect(all.map(({ name }) => name)).toEqual(GUARD_NAMES);
    expect(atSend.map(({ name }) => name)).toEqual(
      GUARD_NAMES.filter((name) => name !== 'verificationAttempts'),
    );
    expect(atCheck.map(({ name }) => name)).toEqual(['verificationAttempts']);
  });
});
