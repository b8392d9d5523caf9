import type { KeywordLanguage } from './language-words.ts';

/**
 * Where a language is spoken by so many that its everyday words turn up in ordinary texts: official languages and those of
 * large communities (Unicode CLDR 46, territoryInfo). ISO 3166-1 alpha-2 codes.
 */
const SPOKEN_IN: Readonly<Record<KeywordLanguage, string>> = {
  en:
    'US CA GB IE AU NZ SG MY PH HK IN PK BD LK ZA NG KE GH UG TZ ZM ZW MW BW NA RW CM SL LR GM MT CY JM TT BB BS BZ GY AG ' +
    'DM GD KN LC VC FJ PG SB VU WS TO KI NR TV FM MH PW PR GU VI AS MP BM KY VG TC AI MS GI JE GG IM FK SH AE QA BH KW OM ' +
    'SA IL NL DE AT CH BE LU SE NO DK FI IS',
  id: 'ID TL',
  ms: 'MY SG BN ID',
  th: 'TH',
  vi: 'VN',
  tl: 'PH',
  'zh-Hans': 'CN SG MY HK MO',
  'zh-Hant': 'TW HK MO',
  fr:
    'FR BE CH LU MC CA HT CD CG CI SN ML BF NE TG BJ GN GA CM CF TD DJ KM MG SC RW BI MA DZ TN LB VU NC PF WF GP MQ GF RE ' +
    'YT PM BL MF',
  de: 'DE AT CH LI LU BE IT',
  es: 'ES MX CO AR PE VE CL EC GT CU BO DO HN PY SV NI CR PA UY PR GQ US AD GI BZ',
  pt: 'BR PT AO MZ CV GW ST TL MO LU',
  ko: 'KR KP',
  ar: 'SA AE QA BH KW OM YE IQ SY JO LB PS EG SD LY TN DZ MA MR EH SO DJ KM TD IL ER',
  hi: 'IN FJ NP',
  ta: 'IN LK SG MY',
  ru: 'RU BY KZ KG UA UZ TJ TM AM AZ GE MD LV LT EE IL',
  ja: 'JP',
  it: 'IT SM VA CH',
  nl: 'NL BE SR CW AW SX BQ',
  tr: 'TR CY',
  pl: 'PL',
};

let byCountry: Map<string, Set<KeywordLanguage>> | undefined;

/** The languages spoken in a country; undefined for one that is not in the table. */
export function languagesOf(country: string): ReadonlySet<KeywordLanguage> | undefined {
  if (byCountry === undefined) {
    byCountry = new Map();
    for (const [language, countries] of Object.entries(SPOKEN_IN)) {
      for (const each of countries.split(' ')) {
        const languages = byCountry.get(each) ?? new Set();
        byCountry.set(each, languages.add(language as KeywordLanguage));
      }
    }
  }
  return byCountry.get(country);
}
