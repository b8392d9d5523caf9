import { describe, expect, it } from 'vitest';
import { type Attack, fight } from '../../../support/pumping-traffic.ts';

/** Generous bounds on assumed traffic: they find a rule that broke, and promise nothing about real traffic. */
describe('the doubt budget against seeded traffic of 1,000 one-time passwords per day', () => {
  it.each(['sequential', 'operator-random', 'rotating'] as const satisfies readonly Attack[])(
    'stops %s without refusing honest people, and asks a few',
    (attack) => {
      const { tried, sent, honest, refused, asked, lost } = fight({ attack, seed: 7, perDay: 1_000 });
      expect(tried).toBeGreaterThan(4_000);
      expect(honest).toBeGreaterThan(2_000);
      expect(1 - sent / tried).toBeGreaterThanOrEqual(0.85);
      expect(refused).toBe(0);
      expect(asked / honest).toBeLessThan(0.15);
      expect(lost / honest).toBeLessThan(0.02);
    },
  );

  it('asks and refuses hardly anybody without an attack', () => {
    for (const action of ['ask', 'refuse'] as const) {
      const { honest, refused, asked } = fight({ attack: 'none', seed: 7, perDay: 1_000, action });
      expect(honest).toBeGreaterThan(2_000);
      expect((refused + asked) / honest).toBeLessThanOrEqual(0.001);
    }
  });

  it('stops a dear operator without a way to ask, and refuses people of that country only', () => {
    const { tried, sent, honest, refused, asked } = fight({
      attack: 'operator-random',
      seed: 7,
      perDay: 1_000,
      action: 'refuse',
    });
    expect(1 - sent / tried).toBeGreaterThanOrEqual(0.85);
    expect(asked).toBe(0);
    expect(refused / honest).toBeLessThan(0.12);
  });
});
