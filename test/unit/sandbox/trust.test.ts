import { describe, expect, test } from 'vitest';
import { refusalOf } from '../../../src/sandbox/http/trust.ts';

describe('requests of web pages', () => {
  test.each([
    ['localhost:8808'],
    ['127.0.0.1:8808'],
    ['[::1]:8808'],
    ['LOCALHOST'],
    ['shop.localhost:8808'],
    ['192.168.1.7:8808'],
    ['sandbox:8808'],
  ])('answers to the host %s', (host) => {
    expect(refusalOf({ host }, ['sandbox'])).toBeUndefined();
  });

  test.each([
    ['rebound.example:8808'],
    ['localhost.example'],
    ['127.0.0.1.nip.io:8808'],
    ['sandbox.example'],
    ['x@localhost.example'],
  ])('refuses the host %s', (host) => {
    expect(refusalOf({ host }, ['sandbox'])).toContain('--allow-host');
  });

  test.each([[undefined], [''], ['a b'], ['[']])('refuses the malformed host %j', (host) => {
    expect(refusalOf({ host }, [])).toBe('The request has no valid Host header.');
  });

  test.each([
    ['http://localhost:8808', undefined],
    ['http://localhost:3000', 'another origin'],
    ['https://localhost:8808', 'another origin'],
    ['http://evil.example', 'another origin'],
    ['null', 'another origin'],
  ])('judges the origin %s', (origin, refusal) => {
    const found = refusalOf({ host: 'localhost:8808', origin }, []);
    if (refusal === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(refusal);
  });
});
