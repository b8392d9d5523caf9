/**
 * Countries of the simulated service. Prices, shares and conversions are assumed; the prefixes leave six digits free and
 * hold mobile numbers only (`test/unit/bench/traffic.test.ts` checks them).
 */
export interface Place {
  readonly code: string;
  readonly callingCode: string;
  /** Part of the honest requests, in per cent. 0: a country of people with foreign numbers. */
  readonly share: number;
  /** US dollars per message. */
  readonly price: number;
  /** Part of the new people that enters a code. */
  readonly conversion: number;
  /** Hours ahead of UTC. */
  readonly utcOffset: number;
  /** Prefixes of its operators, the largest first. */
  readonly operators: readonly string[];
}

type Row = readonly [string, string, number, number, number, number, string];

/** Countries of the team's allow-list, by share. */
const MARKET_ROWS: readonly Row[] = [
  ['ID', '62', 20, 0.32, 0.74, 7, '812 821 832 853 864 875 886'],
  ['PH', '63', 14, 0.21, 0.76, 8, '9051 9156 9312 9488 9644 9810'],
  ['MY', '60', 11, 0.06, 0.86, 8, '123 127 142 165 178'],
  ['SG', '65', 11, 0.05, 0.93, 8, '81 84 87 90 93'],
  ['VN', '84', 8, 0.17, 0.8, 7, '912 372 703 838 920'],
  ['TH', '66', 8, 0.04, 0.85, 7, '812 653 838 892 946'],
  ['HK', '852', 5, 0.09, 0.9, 8, '44 63 69 95'],
  ['IN', '91', 4, 0.08, 0.72, 5.5, '8123 6878 8098 9176 9587'],
  ['TW', '886', 4, 0.1, 0.9, 8, '912 922 944 966'],
  ['BD', '880', 2.5, 0.3, 0.68, 6, '1812 1513 1828 3862'],
  ['KH', '855', 2, 0.2, 0.74, 7, '91 18 77 87'],
  ['LK', '94', 2, 0.28, 0.75, 5.5, '712 718 751 769'],
  ['AE', '971', 2, 0.15, 0.85, 4, '501 533 556'],
  ['SA', '966', 2, 0.16, 0.82, 3, '512 539 568'],
  ['PK', '92', 1.5, 0.31, 0.66, 5, '3012 3152 3304 3466'],
  ['MM', '95', 1.3, 0.26, 0.66, 6.5, '96 98'],
  ['NG', '234', 1, 0.29, 0.62, 1, '8021 7167 8035 9010'],
  ['NP', '977', 0.7, 0.24, 0.68, 5.75, '9841 9709 9809'],
];

/** Countries with dear termination, where fraud pays best. Two of the markets belong to them as well. */
const DEAR_ROWS: readonly Row[] = [
  ['MN', '976', 0, 0.28, 0.66, 8, '88 78 90'],
  ['AF', '93', 0, 0.3, 0.6, 4.5, '701 725 750 775'],
  ['AZ', '994', 0, 0.33, 0.7, 4, '401 445 550 705'],
  ['BY', '375', 0, 0.25, 0.75, 3, '294 295 333 441'],
  ['DZ', '213', 0, 0.27, 0.64, 1, '551 618 655 692'],
  ['ET', '251', 0, 0.25, 0.6, 3, '911 799 919 958'],
  ['GE', '995', 0, 0.2, 0.75, 4, '555 557 571 592'],
  ['GN', '224', 0, 0.33, 0.6, 0, '601 615 630 655'],
  ['IQ', '964', 0, 0.28, 0.65, 3, '7912 7474 7649 7824'],
  ['JO', '962', 0, 0.27, 0.74, 3, '790 726 777 788'],
  ['KG', '996', 0, 0.24, 0.7, 6, '700 513 552 701'],
  ['KW', '965', 0, 0.2, 0.8, 3, '50 55 90 96'],
  ['LB', '961', 0, 0.24, 0.72, 2, '70 71 81'],
  ['LY', '218', 0, 0.29, 0.63, 2, '912 925 940 955'],
  ['MG', '261', 0, 0.35, 0.6, 3, '321 340 360 380'],
  ['ML', '223', 0, 0.38, 0.6, 0, '65 64 74 85'],
  ['MR', '222', 0, 0.31, 0.6, 0, '22 27 33 40'],
  ['SN', '221', 0, 0.3, 0.66, 0, '701 715 759 774'],
  ['TJ', '992', 0, 0.42, 0.65, 5, '917 120 442 877'],
  ['TN', '216', 0, 0.45, 0.68, 1, '20 29 48 58'],
  ['UZ', '998', 0, 0.43, 0.7, 5, '912 770 903 947'],
  ['YE', '967', 0, 0.26, 0.6, 3, '712 711 734 776'],
  ['ZW', '263', 0, 0.22, 0.62, 2, '712 723 737 779'],
];

const TAIL_ROWS: readonly Row[] = [
  ['US', '1', 0, 0.01, 0.9, -5, '2015 4477 7324'],
  ['GB', '44', 0, 0.04, 0.9, 0, '7400 7362 7730'],
  ['AU', '61', 0, 0.04, 0.91, 10, '412 429 464'],
  ['CN', '86', 0, 0.05, 0.85, 8, '13123 13556 13535'],
  ['JP', '81', 0, 0.08, 0.9, 9, '9012 7039 8069'],
  ['KR', '82', 0, 0.04, 0.9, 9, '1020 1186 1747'],
  ['CA', '1', 0, 0.01, 0.9, -5, '5062 4186 6474'],
  ['DE', '49', 0, 0.1, 0.9, 1, '15123 15757 15903'],
  ['FR', '33', 0, 0.07, 0.89, 1, '612 655 746'],
  ['NZ', '64', 0, 0.1, 0.91, 12, '211 222 276'],
  ['NL', '31', 0, 0.1, 0.9, 1, '612 630 650'],
  ['ES', '34', 0, 0.06, 0.88, 1, '612 650 710'],
  ['IT', '39', 0, 0.08, 0.87, 1, '3123 3433 3766'],
  ['CH', '41', 0, 0.07, 0.91, 1, '781 729 769'],
  ['SE', '46', 0, 0.06, 0.91, 1, '701 730 780'],
  ['NO', '47', 0, 0.07, 0.91, 1, '40 48 94'],
  ['PL', '48', 0, 0.04, 0.88, 1, '512 572 725'],
  ['TR', '90', 0, 0.03, 0.8, 3, '5012 5338 5506'],
  ['ZA', '27', 0, 0.03, 0.78, 2, '711 676 763'],
  ['KE', '254', 0, 0.06, 0.72, 3, '712 702 751'],
  ['BR', '55', 0, 0.03, 0.8, -3, '11961 11980 11913'],
  ['MX', '52', 0, 0.05, 0.78, -6, '2221 4546 7312'],
  ['LA', '856', 0, 0.08, 0.72, 7, '2023 2030 2070'],
  ['IL', '972', 0, 0.09, 0.88, 2, '502 526 560'],
  ['QA', '974', 0, 0.08, 0.84, 3, '33 53 66'],
  ['OM', '968', 0, 0.12, 0.82, 4, '92 76 93'],
  ['BH', '973', 0, 0.05, 0.83, 3, '36 32 35'],
  ['PT', '351', 0, 0.05, 0.89, 0, '912 923 936'],
  ['IE', '353', 0, 0.07, 0.9, 0, '850 859 879'],
  ['BE', '32', 0, 0.09, 0.89, 1, '450 466 482'],
  ['AT', '43', 0, 0.09, 0.9, 1, '664 667 683'],
  ['MO', '853', 0, 0.04, 0.9, 8, '62 63 65'],
];

function toPlace([code, callingCode, share, price, conversion, utcOffset, operators]: Row): Place {
  return { code, callingCode, share, price, conversion, utcOffset, operators: operators.split(' ') };
}

const LAUNCH_ROW: Row = ['EG', '20', 0, 0.28, 0.68, 2, '1001 1100 1200 1500'];

const markets = MARKET_ROWS.map(toPlace);
const dearTail = DEAR_ROWS.map(toPlace);

/** Every country of the table. */
export const PLACES: readonly Place[] = [
  ...markets,
  ...dearTail,
  ...TAIL_ROWS.map(toPlace),
  toPlace(LAUNCH_ROW),
];

export function placeOf(code: string): Place {
  const found = PLACES.find((place) => place.code === code);
  if (found === undefined) throw new Error(`no country ${code} in the table`);
  return found;
}

/** The 25 countries that fraud likes best; PK and NG are markets of the team as well. */
export const DEAR_PLACES: readonly Place[] = [...dearTail, placeOf('PK'), placeOf('NG')];

/** The country that a service launches in. */
export const LAUNCH_PLACE: Place = placeOf('EG');

/** Countries in which a service of this many requests a day does business: a small one has six. */
export function marketsOf(size: number): readonly Place[] {
  return size < 1_000 ? markets.slice(0, 6) : markets;
}

/** A number of an operator; `suffix` are its last six digits. */
export function numberOf({ callingCode, operators }: Place, operator: number, suffix: number): string {
  return `+${callingCode}${operators[operator]}${String(suffix).padStart(6, '0')}`;
}
