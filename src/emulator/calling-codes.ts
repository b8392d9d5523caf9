/**
 * The emulator's own small numbering plan: enough to find a country's price and to refuse numbers that no network could
 * route. The client's phone guard knows far more; with shared tables, one mistake would go unnoticed in both.
 */

/** ITU-T E.164 calling codes, each with its countries (ISO 3166-1 alpha-2), the main one first. */
const PLAN =
  '1USAGAIASBBBMBSCADMDOGDGUJMKNKYLCMPMSPRSXTCTTVCVGVI 7RUKZ 20EG 27ZA 30GR 31NL 32BE 33FR 34ES 36HU 39ITVA 40RO ' +
  '41CH 43AT 44GBGGIMJE 45DK 46SE 47NOSJ 48PL 49DE 51PE 52MX 53CU 54AR 55BR 56CL 57CO 58VE 60MY 61AUCCCX 62ID 63PH ' +
  '64NZ 65SG 66TH 81JP 82KR 84VN 86CN 90TR 91IN 92PK 93AF 94LK 95MM 98IR 211SS 212MAEH 213DZ 216TN 218LY 220GM ' +
  '221SN 222MR 223ML 224GN 225CI 226BF 227NE 228TG 229BJ 230MU 231LR 232SL 233GH 234NG 235TD 236CF 237CM 238CV ' +
  '239ST 240GQ 241GA 242CG 243CD 244AO 245GW 246IO 247AC 248SC 249SD 250RW 251ET 252SO 253DJ 254KE 255TZ 256UG ' +
  '257BI 258MZ 260ZM 261MG 262REYT 263ZW 264NA 265MW 266LS 267BW 268SZ 269KM 290SHTA 291ER 297AW 298FO 299GL 350GI ' +
  '351PT 352LU 353IE 354IS 355AL 356MT 357CY 358FIAX 359BG 370LT 371LV 372EE 373MD 374AM 375BY 376AD 377MC 378SM ' +
  '380UA 381RS 382ME 383XK 385HR 386SI 387BA 389MK 420CZ 421SK 423LI 500FK 501BZ 502GT 503SV 504HN 505NI 506CR ' +
  '507PA 508PM 509HT 590GPBLMF 591BO 592GY 593EC 594GF 595PY 596MQ 597SR 598UY 599CWBQ 670TL 672NF 673BN 674NR ' +
  '675PG 676TO 677SB 678VU 679FJ 680PW 681WF 682CK 683NU 685WS 686KI 687NC 688TV 689PF 690TK 691FM 692MH 850KP ' +
  '852HK 853MO 855KH 856LA 880BD 886TW 960MV 961LB 962JO 963SY 964IQ 965KW 966SA 967YE 968OM 970PS 971AE 972IL ' +
  '973BH 974QA 975BT 976MN 977NP 992TJ 993TM 994AZ 995GE 996KG 998UZ ' +
  // International services: no country.
  '800 808 870 878 881 882 883 888 979';

/** Longer prefixes that belong to a country other than the main one of their calling code. */
const OVERRIDES =
  'CA 1204 1226 1236 1249 1250 1257 1263 1289 1306 1343 1354 1365 1367 1368 1382 1403 1416 1418 1428 1431 1437 1438 ' +
  '1450 1468 1474 1506 1514 1519 1548 1579 1581 1584 1587 1604 1613 1639 1647 1672 1683 1705 1709 1742 1753 1778 ' +
  '1780 1782 1807 1819 1825 1867 1873 1879 1902 1905;DO 1809 1829 1849;JM 1658 1876;KZ 76 77';

interface Plan {
  readonly countryOfPrefix: ReadonlyMap<string, string | undefined>;
  readonly callingCodeOfCountry: ReadonlyMap<string, string>;
}

let plan: Plan | undefined;

function readPlan(): Plan {
  const countryOfPrefix = new Map<string, string | undefined>();
  const callingCodeOfCountry = new Map<string, string>();
  for (const entry of PLAN.split(' ')) {
    const callingCode = entry.replace(/\D+/, '');
    const countries = entry.slice(callingCode.length).match(/../g) ?? [];
    countryOfPrefix.set(callingCode, countries[0]);
    for (const country of countries) callingCodeOfCountry.set(country, callingCode);
  }
  for (const entry of OVERRIDES.split(';')) {
    const [country, ...prefixes] = entry.split(' ');
    for (const prefix of prefixes) countryOfPrefix.set(prefix, country);
  }
  return { countryOfPrefix, callingCodeOfCountry };
}

/** The calling code of a country, for example `65` for `SG`; undefined for an unknown country. */
export function callingCodeOf(country: string): string | undefined {
  plan ??= readPlan();
  return plan.callingCodeOfCountry.get(country.toUpperCase());
}

/** The country that an international number belongs to. */
export interface NumberOrigin {
  readonly routable: boolean;
  /** ISO 3166-1 alpha-2; undefined for international services (satellite, premium). */
  readonly country: string | undefined;
}

/** Finds the country by the longest known prefix. Numbers of the North American plan must have its ten digits. */
export function originOf(digits: string): NumberOrigin {
  plan ??= readPlan();
  if (digits.startsWith('1') && !/^1[2-9]\d\d[2-9]\d{6}$/.test(digits)) {
    return { routable: false, country: undefined };
  }
  for (let length = 4; length >= 1; length -= 1) {
    const prefix = digits.slice(0, length);
    if (plan.countryOfPrefix.has(prefix)) {
      return { routable: true, country: plan.countryOfPrefix.get(prefix) };
    }
  }
  return { routable: false, country: undefined };
}
