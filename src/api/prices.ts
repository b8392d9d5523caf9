import {
  optionalNumber,
  optionalText,
  type Price,
  present,
  priceIn,
  type ResponseFields,
  textIn,
  toFields,
  toList,
} from './parse-response.ts';

/** Filter of a price list. Every field is optional; without a filter, the list is complete. */
export interface PriceQuery {
  /** Country, ISO 3166-1 alpha-2. @default every country */
  readonly country?: string | undefined;
  /** Mobile country code, for example 525; only together with `mnc`. */
  readonly mcc?: number | string | undefined;
  /** Mobile network code, for example `'01'`; only together with `mcc`. */
  readonly mnc?: number | string | undefined;
  /** Prices of sent or of received messages. @default both */
  readonly direction?: 'outbound' | 'inbound' | undefined;
  /** Sub-account of the account. @default every sub-account */
  readonly subAccountId?: string | undefined;
}

/** Prices of messages to one country. */
export interface OutboundPrices {
  /** ISO 3166-1 alpha-2. */
  readonly alpha2Code: string;
  readonly countryName?: string;
  readonly dialingPrefix?: string;
  readonly operators: readonly OperatorPrice[];
}

/** Price of one part to one operator. */
export interface OperatorPrice {
  readonly operatorName?: string;
  readonly operatorId?: number;
  /** The operator's networks. */
  readonly hni: readonly { readonly mcc: string; readonly mnc: string }[];
  readonly price: Price;
}

/** Prices of messages that are received in one country. */
export interface InboundPrices {
  /** ISO 3166-1 alpha-2. */
  readonly alpha2Code: string;
  readonly countryName?: string;
  readonly dialingPrefix?: string;
  readonly numberTypes: readonly NumberTypePrice[];
}

/** Price of a received message, by the kind of your number. */
export interface NumberTypePrice {
  /** `tollfree`, even if 8x8 writes `tollFree`. */
  readonly type:
    | 'longcode'
    | 'shortCodePremium'
    | 'shortCodeP2P'
    | 'shortCodeFTEU'
    | 'tollfree'
    | (string & {});
  readonly defaultPrice: Price;
}

/** Prices of one sub-account. Both lists are always present; they are empty when nothing was requested or found. */
export interface SubAccountPrices {
  readonly subAccountId: string;
  readonly outbound: readonly OutboundPrices[];
  readonly inbound: readonly InboundPrices[];
}

/** Prices of your account. */
export interface PriceList {
  readonly subAccounts: readonly SubAccountPrices[];
}

/** 8x8's schema: lists, each entry with `countries`, or the countries themselves. 8x8's examples: `{ countries }`. */
function countriesOf(fields: ResponseFields, name: 'outbound' | 'inbound'): readonly ResponseFields[] {
  const value = fields[name];
  if (value === undefined || value === null) return [];
  const groups = (Array.isArray(value) ? value : [value]).map((group) => toFields(group, name));
  return groups.flatMap((group) =>
    group.countries === undefined
      ? [group]
      : toList(group.countries, `${name}.countries`).map((country) => toFields(country, `${name}.countries`)),
  );
}

function readCountry(country: ResponseFields) {
  return {
    alpha2Code: textIn(country, 'alpha2Code'),
    ...present({
      countryName: optionalText(country, 'countryName'),
      dialingPrefix: optionalText(country, 'dialingPrefix'),
    }),
  };
}

function readOperator(value: unknown): OperatorPrice {
  const operator = toFields(value, 'operators');
  return {
    hni: toList(operator.hni ?? [], 'hni').map((network) => {
      const fields = toFields(network, 'hni');
      return { mcc: textIn(fields, 'mcc'), mnc: textIn(fields, 'mnc') };
    }),
    price: priceIn(operator, 'price'),
    ...present({
      operatorName: optionalText(operator, 'operatorName'),
      operatorId: optionalNumber(operator, 'operatorId'),
    }),
  };
}

function readNumberType(value: unknown): NumberTypePrice {
  const fields = toFields(value, 'numberTypes');
  const type = textIn(fields, 'type');
  return { type: type === 'tollFree' ? 'tollfree' : type, defaultPrice: priceIn(fields, 'defaultPrice') };
}

export function readPriceList(body: unknown): PriceList {
  const subAccounts = toList(toFields(body).subAccounts, 'subAccounts').map((value): SubAccountPrices => {
    const fields = toFields(value, 'subAccounts');
    return {
      subAccountId: textIn(fields, 'subAccountId'),
      outbound: countriesOf(fields, 'outbound').map((country) => ({
        ...readCountry(country),
        operators: toList(country.operators ?? [], 'operators').map(readOperator),
      })),
      inbound: countriesOf(fields, 'inbound').map((country) => ({
        ...readCountry(country),
        numberTypes: toList(country.numberTypes ?? [], 'numberTypes').map(readNumberType),
      })),
    };
  });
  return { subAccounts };
}
