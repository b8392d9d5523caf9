/**
 * The fight: attacks on a simulated service, with the guards of the client in front.
 *
 *     node bench/attack/run.ts --attack rotating --config countries+prefix --size 5000 --seed 11
 *
 * Traffic is assumed, not real: see places.ts and traffic.ts for every figure.
 */
import { parseArgs } from 'node:util';
import { ATTACK_NAMES, type AttackName, attackOf } from './attacks.ts';
import { CONFIGURATION_NAMES, CONFIGURATIONS, type ConfigurationName } from './configurations.ts';
import { simulate } from './world.ts';

const { values } = parseArgs({
  options: {
    attack: { type: 'string', default: ATTACK_NAMES.join() },
    config: { type: 'string', default: 'defaults' },
    size: { type: 'string' },
    seed: { type: 'string', default: '11' },
    tried: { type: 'string' },
    history: { type: 'string' },
    groups: { type: 'boolean', default: false },
  },
});

function namesIn<Name extends string>(list: string, known: readonly Name[]): readonly Name[] {
  return list.split(',').map((name) => {
    const found = known.find((each) => each === name);
    if (found === undefined) throw new Error(`${name} is none of ${known.join(', ')}`);
    return found;
  });
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

async function runOne(name: AttackName, configuration: ConfigurationName): Promise<void> {
  const attack = attackOf(name);
  const { figures, reasons, groups, seconds } = await simulate({
    attack,
    configuration: CONFIGURATIONS[configuration],
    size: numberIn(values.size) ?? attack.size ?? 5_000,
    seed: Number(values.seed),
    perDay: numberIn(values.tried),
    historyDays: numberIn(values.history),
  });
  const { tried, sent, stopped, lost, minutesToCutOff, refused, asked, waited, foreign } = figures;
  console.log(
    `${configuration} / ${name}: ${sent} of ${tried} sent, ${stopped.toFixed(1)} % stopped, $${lost.toFixed(0)} lost, cut off after ${minutesToCutOff ?? 'never,'} min; honest ${figures.honest}: refused ${refused.toFixed(2)} %, asked ${asked.toFixed(2)} %, waited ${waited.toFixed(2)} %, foreign ${foreign.toFixed(2)} %, people lost ${figures.peopleLost.toFixed(2)} %, worst ${figures.worstGroup.name} ${figures.worstGroup.lost.toFixed(2)} %; ${seconds.toFixed(1)} s`,
  );
  if (values.groups) {
    console.table(groups);
    console.log(reasons);
  }
}

for (const configuration of namesIn(values.config, CONFIGURATION_NAMES)) {
  for (const name of namesIn(values.attack, ATTACK_NAMES)) await runOne(name, configuration);
}
