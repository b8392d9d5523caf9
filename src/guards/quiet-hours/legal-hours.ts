import type { Holiday } from './holidays.ts';
import type { SendingHours } from './sending-hours.ts';

/** The hours that a country or state allows for promotional messages. */
export interface LegalHours {
  /** ISO 3166-1 alpha-2, or `US-` and a state. */
  readonly place: string;
  readonly hours: SendingHours;
  /** `law`: a law, or a regulator's or network's rule. `practice`: no law known; what guides for the country advise. */
  readonly basis: 'law' | 'practice';
  /** The rule. */
  readonly rule: string;
  /** Page that says so. */
  readonly source: string;
}

/** The day on which the sources were read. */
export const LEGAL_HOURS_CHECKED = '2026-11-29';

/** Source: 5 U.S.C. 6103, without the Friday before a holiday on a Saturday. */
const US_HOLIDAYS: readonly Holiday[] = [
  '01-01>',
  '3 mon 01',
  '3 mon 02',
  'last mon 05',
  '06-19>',
  '07-04>',
  '1 mon 09',
  '2 mon 10',
  '11-11>',
  '4 thu 11',
  '12-25>',
];

/** Source: Code du travail, article L3133-1; in Alsace and Moselle also Good Friday and 26 December, because a number does not tell. */
const FRENCH_HOLIDAYS: readonly Holiday[] = [
  '01-01',
  'easter-2',
  'easter+1',
  '05-01',
  '05-08',
  'easter+39',
  'easter+50',
  '07-14',
  '08-15',
  '11-01',
  '11-11',
  '12-25',
  '12-26',
];

/** Source: Public Holidays Act 36 of 1994, with the Monday after a Sunday. */
const SOUTH_AFRICAN_HOLIDAYS: readonly Holiday[] = [
  '01-01>',
  '03-21>',
  'easter-2',
  'easter+1',
  '04-27>',
  '05-01>',
  '06-16>',
  '08-09>',
  '09-24>',
  '12-16>',
  '12-25>',
  '12-26>',
];

const STATE_TABLE =
  'https://support.referrizer.com/en/category/text-campaigns/article/tcpa-quiet-hours-and-state-specific-rules-for-text-campaigns';
const CALL_TABLE = 'https://www.dropcowboy.com/state-compliance';
const EIGHT_TO_EIGHT = { from: '08:00', to: '20:00' };

/** Where sources differ, the hours that all of them allow. */
export const LEGAL_HOURS: readonly LegalHours[] = [
  {
    place: 'AE',
    hours: { from: '07:00', to: '21:00' },
    basis: 'law',
    rule: 'TDRA: no marketing texts from 9 p.m. to 7 a.m.',
    source:
      'https://www.eandenterprise.com/en/capabilities/customer-experience/engagex-campaign-manager/mobile-spam-policy.html',
  },
  {
    place: 'BJ',
    hours: { from: '08:00', to: '17:00' },
    basis: 'law',
    rule: 'Networks take no promotional traffic from 5 p.m. to 8 a.m.',
    source: 'https://help.clicksend.com/article/ae3xc6i26a-benin',
  },
  {
    place: 'FR',
    hours: { from: '08:00', to: '20:00', sunday: false, holidays: FRENCH_HOLIDAYS },
    basis: 'law',
    rule: 'Monday to Saturday, 8 a.m. to 8 p.m., not on public holidays; some networks allow it until 10 p.m.',
    source: 'https://sendtargetsms.com/fr/horaires-legaux-sms/',
  },
  {
    place: 'IN',
    hours: { from: '10:00', to: '21:00' },
    basis: 'law',
    rule: 'TRAI: promotional messages from 10 a.m. to 9 p.m.; the DLT platforms reject others with error 651',
    source:
      'https://crm.smsgatewayhub.com/knowledge-base/article/important-update-new-service-explicit-message-restriction-time-10-am-to-9-pm',
  },
  {
    place: 'JO',
    hours: { from: '07:00', to: '21:00' },
    basis: 'law',
    rule: 'TRC: no promotional texts from 9 p.m. to 7 a.m.',
    source: 'https://www.ameinfo.com/tech-and-mobility/jordan-restricts-promotional-smss-at-night/',
  },
  {
    place: 'KR',
    hours: { from: '08:00', to: '21:00' },
    basis: 'law',
    rule: 'Network Act, article 50: from 9 p.m. to 8 a.m. only with a consent of its own',
    source: 'https://ucol.ysu.ac.kr/kor/CMS/Contents/Contents.do?mCode=MN184',
  },
  {
    place: 'NG',
    hours: EIGHT_TO_EIGHT,
    basis: 'law',
    rule: 'NCC: no promotional texts from 8 p.m. to 8 a.m.',
    source: 'https://status.africastalking.com/incident/538/',
  },
  {
    place: 'SA',
    hours: { from: '09:00', to: '19:00' },
    basis: 'law',
    rule: 'CST; sources name 9 a.m. to 8 p.m., 8 a.m. to 10 p.m. and 6 a.m. to 7 p.m.',
    source: 'https://www.sent.dm/resources/sa-sms-guidance',
  },
  {
    place: 'SG',
    hours: { from: '09:00', to: '21:00' },
    basis: 'practice',
    rule: 'No law names hours; guides advise 9 a.m. to 9 p.m.',
    source: 'https://www.sent.dm/resources/sg_sms_guidance',
  },
  {
    place: 'US',
    hours: { from: '08:00', to: '21:00' },
    basis: 'law',
    rule: '47 CFR 64.1200(c)(1): not before 8 a.m. or after 9 p.m. at the called party’s location',
    source: 'https://www.nwdebtresolution.com/post/telephone-consumer-protection-act-call-time-restrictions',
  },
  {
    place: 'US-AL',
    hours: { ...EIGHT_TO_EIGHT, sunday: false, holidays: US_HOLIDAYS },
    basis: 'law',
    rule: 'Alabama Telemarketing Act: 8 a.m. to 8 p.m., not on Sundays and holidays',
    source: CALL_TABLE,
  },
  {
    place: 'US-CT',
    hours: { from: '09:00', to: '20:00' },
    basis: 'law',
    rule: 'Conn. Gen. Stat. 42-288a, which names text messages: 9 a.m. to 8 p.m.',
    source: STATE_TABLE,
  },
  {
    place: 'US-FL',
    hours: EIGHT_TO_EIGHT,
    basis: 'law',
    rule: 'Fla. Stat. 501.616(6)(a): not before 8 a.m. or after 8 p.m. in the called person’s time zone',
    source: 'https://www.lawserver.com/law/state/florida/statutes/florida_statutes_501-616',
  },
  {
    place: 'US-KY',
    hours: { from: '10:00', to: '21:00' },
    basis: 'law',
    rule: 'KRS 367.46955: 10 a.m. to 9 p.m.',
    source: CALL_TABLE,
  },
  {
    place: 'US-LA',
    hours: { ...EIGHT_TO_EIGHT, sunday: false, holidays: US_HOLIDAYS },
    basis: 'law',
    rule: 'La. R.S. 45:844.31 and following: 8 a.m. to 8 p.m., not on Sundays and holidays',
    source: CALL_TABLE,
  },
  {
    place: 'US-MD',
    hours: EIGHT_TO_EIGHT,
    basis: 'law',
    rule: 'Stop the Spam Calls Act of 2023: 8 a.m. to 8 p.m.',
    source: 'https://www.wmar2news.com/local/law-to-prevent-spam-calls-takes-effect-first-of-the-year',
  },
  {
    place: 'US-MS',
    hours: { ...EIGHT_TO_EIGHT, sunday: false },
    basis: 'law',
    rule: 'Mississippi Telephone Solicitation Act: 8 a.m. to 8 p.m., not on Sundays',
    source: CALL_TABLE,
  },
  {
    place: 'US-NJ',
    hours: EIGHT_TO_EIGHT,
    basis: 'law',
    rule: 'New Jersey’s act of 2024: 8 a.m. to 8 p.m.',
    source: STATE_TABLE,
  },
  {
    place: 'US-OK',
    hours: EIGHT_TO_EIGHT,
    basis: 'law',
    rule: 'Telephone Solicitation Act of 2022, which covers texts: 8 a.m. to 8 p.m. local time',
    source:
      'https://24kyc.com/oklahoma-passes-new-telephone-solicitation-act-similar-to-the-federal-tcpa-lerman-senter-pllc/',
  },
  {
    place: 'US-RI',
    hours: {
      from: '09:00',
      to: '18:00',
      saturday: { from: '10:00', to: '17:00' },
      sunday: false,
      holidays: US_HOLIDAYS,
    },
    basis: 'law',
    rule: 'R.I. Gen. Laws 5-61: 9 a.m. to 6 p.m., at weekends 10 a.m. to 5 p.m.; not on Sundays and holidays',
    source: STATE_TABLE,
  },
  {
    place: 'US-TX',
    hours: { from: '09:00', to: '21:00', sunday: { from: '12:00', to: '21:00' } },
    basis: 'law',
    rule: 'Tex. Bus. & Com. Code 301 to 305 with SB 140, which covers texts: 9 a.m. to 9 p.m., on Sundays from noon',
    source: 'https://www.cloudcommunications.com/news/texas-senate-bill-140?hs_amp=true',
  },
  {
    place: 'US-WA',
    hours: EIGHT_TO_EIGHT,
    basis: 'law',
    rule: 'RCW 19.158.040(2): not before 8 a.m. or after 8 p.m. at the recipient’s local time',
    source: 'https://app.leg.wa.gov/RCW/default.aspx?cite=19.158.040',
  },
  {
    place: 'VN',
    hours: { from: '07:00', to: '22:00' },
    basis: 'law',
    rule: 'Decree 91/2020/ND-CP: advertising texts from 7 a.m. to 10 p.m.',
    source: 'https://www.dlapiperdataprotection.com/index.html?c=VN&t=electronic-marketing',
  },
  {
    place: 'ZA',
    hours: {
      ...EIGHT_TO_EIGHT,
      saturday: { from: '09:00', to: '13:00' },
      sunday: false,
      holidays: SOUTH_AFRICAN_HOLIDAYS,
    },
    basis: 'law',
    rule: 'Consumer Protection Act and WASPA: weekdays 8 a.m. to 8 p.m., Saturdays 9 a.m. to 1 p.m., not on Sundays and public holidays',
    source: 'https://www.sent.dm/resources/za-sms-guidance',
  },
];

/** Hours of every other country. Source: Vero's and Zap's rule for countries without one of their own; no law. */
export const OTHER_HOURS: SendingHours = EIGHT_TO_EIGHT;
