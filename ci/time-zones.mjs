// Writes src/guards/quiet-hours/time-zone-data.ts: the time zones of countries, and zones and states of North American area codes.
// Run it when either source changes:
//
//   node ci/time-zones.mjs <checkout of google/libphonenumber> [/usr/share/zoneinfo/zone.tab]
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getCountries } from 'libphonenumber-js/max';

const [checkout, zoneTab = '/usr/share/zoneinfo/zone.tab'] = process.argv.slice(2);
if (checkout === undefined) throw new Error('Name a checkout of https://github.com/google/libphonenumber.');
const target = fileURLToPath(new URL('../src/guards/quiet-hours/time-zone-data.ts', import.meta.url));
const lines = (text) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

/** Places of libphonenumber that zone.tab has under another code. */
const ELSEWHERE = { AC: 'Atlantic/St_Helena', TA: 'Atlantic/St_Helena', XK: 'Europe/Belgrade' };
/** Names that people know, in the place of others with the same time. */
const KNOWN = new Set(['America/Sao_Paulo', 'America/Manaus', 'Australia/Sydney', 'Australia/Adelaide']);
const FIRST_YEAR = 2025;
const LAST_YEAR = 2030;

/** The offsets of a zone at every 6 hours of some years, as one text: zones that agree need one name. */
const patterns = new Map();
function patternOf(zone) {
  const known = patterns.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  let pattern = '';
  let last = '';
  for (let at = Date.UTC(FIRST_YEAR, 0); at < Date.UTC(LAST_YEAR, 0); at += 21_600_000) {
    const offset = format.formatToParts(at).find(({ type }) => type === 'timeZoneName').value;
    if (offset !== last) pattern += `${at} ${offset};`;
    last = offset;
  }
  patterns.set(zone, pattern);
  return pattern;
}

/** One zone of each pattern: the known one, or else the first in the list. */
function distinct(zones) {
  const byPattern = new Map();
  for (const zone of zones) {
    const pattern = patternOf(zone);
    if (!byPattern.has(pattern) || KNOWN.has(zone)) byPattern.set(pattern, zone);
  }
  return [...byPattern.values()];
}

const byCountry = new Map();
for (const line of lines(await readFile(zoneTab, 'utf8'))) {
  const [country, , zone] = line.split('\t');
  byCountry.set(country, [...(byCountry.get(country) ?? []), zone]);
}
for (const [country, zone] of Object.entries(ELSEWHERE)) byCountry.set(country, [zone]);
const countries = getCountries()
  .sort()
  .map((country) => {
    const zones = byCountry.get(country);
    if (zones === undefined) throw new Error(`${country} has no time zone.`);
    return `${country} ${distinct(zones).join(' ')}`;
  });

const resource = async (path) => lines(await readFile(join(checkout, 'resources', path), 'utf8'));
const zonesOf = new Map();
for (const line of await resource('timezones/map_data.txt')) {
  const [prefix, names] = line.split('|');
  if (!/^1\d{3}/.test(prefix)) continue;
  const area = prefix.slice(1, 4);
  zonesOf.set(area, new Set([...(zonesOf.get(area) ?? []), ...names.split('&')]));
}
const names = new Map();
for (const line of await resource('geocoding/en/1.txt')) {
  const [prefix, name] = line.split('|');
  const area = prefix.slice(1, 4);
  if (prefix.length === 4) names.set(area, name);
  else if (!names.has(area)) names.set(area, name);
}
const STATES = {
  Alabama: 'AL',
  Alaska: 'AK',
  Arizona: 'AZ',
  Arkansas: 'AR',
  California: 'CA',
  Colorado: 'CO',
  Connecticut: 'CT',
  Delaware: 'DE',
  'Washington D.C.': 'DC',
  Florida: 'FL',
  Georgia: 'GA',
  Hawaii: 'HI',
  Idaho: 'ID',
  Illinois: 'IL',
  Indiana: 'IN',
  Iowa: 'IA',
  Kansas: 'KS',
  Kentucky: 'KY',
  Louisiana: 'LA',
  Maine: 'ME',
  Maryland: 'MD',
  Massachusetts: 'MA',
  Michigan: 'MI',
  Minnesota: 'MN',
  Mississippi: 'MS',
  Missouri: 'MO',
  Montana: 'MT',
  Nebraska: 'NE',
  Nevada: 'NV',
  'New Hampshire': 'NH',
  'New Jersey': 'NJ',
  'New Mexico': 'NM',
  'New York': 'NY',
  'North Carolina': 'NC',
  'North Dakota': 'ND',
  Ohio: 'OH',
  Oklahoma: 'OK',
  Oregon: 'OR',
  Pennsylvania: 'PA',
  'Rhode Island': 'RI',
  'South Carolina': 'SC',
  'South Dakota': 'SD',
  Tennessee: 'TN',
  Texas: 'TX',
  Utah: 'UT',
  Vermont: 'VT',
  Virginia: 'VA',
  'Washington State': 'WA',
  'West Virginia': 'WV',
  Wisconsin: 'WI',
  Wyoming: 'WY',
};
const US_STATES = new Set(Object.values(STATES));
const stateOf = (area) => {
  const name = names.get(area) ?? '';
  const state = STATES[name] ?? /, ([A-Z]{2})$/.exec(name)?.[1];
  return US_STATES.has(state) ? state : undefined;
};

/** Area codes by what they have in common, as `name code code`. */
function grouped(entries) {
  const groups = new Map();
  for (const [area, name] of entries) groups.set(name, [...(groups.get(name) ?? []), area]);
  return [...groups]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, areas]) => `${name} ${areas.join(' ')}`);
}

const areas = [...zonesOf.keys()].sort();
const several = new Set(['US', 'CA'].flatMap((country) => byCountry.get(country)));
const zones = grouped(
  areas
    .map((area) => [area, distinct([...zonesOf.get(area)])])
    // Area codes of countries with one time zone need no entry.
    .filter(([, each]) => each.some((zone) => several.has(zone)))
    .map(([area, each]) => [area, each.join('&')]),
);
const states = grouped(areas.map((area) => [area, stateOf(area)]).filter(([, state]) => state !== undefined));

const quoted = (rows) => rows.map((row) => `  '${row}',`).join('\n');
const written = `// Written by ci/time-zones.mjs. Sources: the IANA time zone database (zone.tab, public domain); Google's libphonenumber
// (resources/timezones, resources/geocoding/en/1.txt, Apache 2.0).

/** Time zones of a country, one of those that agree: \`country zone zone\`. */
export const COUNTRY_ZONES: readonly string[] = [
${quoted(countries)}
];

/** North American area codes with their time zones: \`zone&zone area area\`. */
export const AREA_ZONES: readonly string[] = [
${quoted(zones)}
];

/** Area codes of the states of the United States: \`state area area\`. */
export const AREA_STATES: readonly string[] = [
${quoted(states)}
];
`;
await writeFile(target, written);
execFileSync('biome', ['check', '--write', target, fileURLToPath(import.meta.url)], { stdio: 'inherit' });
