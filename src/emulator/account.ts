import { callingCodeOf } from './calling-codes.ts';
import type { ApiCall, EmulatorContext, Handler } from './context.ts';
import { MICROS, type PricedCountry } from './prices.ts';
import { fail, PROBLEMS } from './problems.ts';
import { readSubAccount } from './sub-account.ts';

function readNetwork(query: URLSearchParams): { mcc: string; mnc: string } | undefined {
  const [mcc, mnc] = [query.get('mcc'), query.get('mnc')];
  if (mcc === null && mnc === null) return undefined;
  if (mcc === null || mnc === null || !/^\d{1,3}$/.test(mcc) || !/^\d{1,3}$/.test(mnc)) {
    return fail(PROBLEMS.invalidParameter);
  }
  return { mcc, mnc };
}

function selectCountries(call: ApiCall, context: EmulatorContext): readonly PricedCountry[] {
  const wanted = call.query.get('country')?.toUpperCase();
  if (wanted !== undefined && !/^[A-Z]{2}$/.test(wanted)) fail(PROBLEMS.invalidCountry);
  const network = readNetwork(call.query);
  return context.prices.countries.filter(
    ({ country, mcc, mnc }) =>
      (wanted === undefined || wanted === country) &&
      (network === undefined || (Number(mcc) === Number(network.mcc) && Number(mnc) === Number(network.mnc))),
  );
}

function outboundOf(priced: PricedCountry, dialingPrefix: string, currency: string) {
  const { country, name, mcc, mnc, operator, perPart } = priced;
  return {
    alpha2Code: country,
    countryName: name,
    dialingPrefix,
    operators: [
      {
        operatorName: operator,
        operatorId: Number(`${mcc}0${mnc}`),
        hni: [{ mcc, mnc }],
        price: { amount: perPart, currency },
      },
    ],
  };
}

/** Inbound prices are invented too: a tenth of the outbound price. */
function inboundOf(priced: PricedCountry, dialingPrefix: string, currency: string, tollFree: string) {
  const defaultPrice = { amount: Math.round(priced.perPart * (MICROS / 10)) / MICROS, currency };
  return {
    alpha2Code: priced.country,
    countryName: priced.name,
    dialingPrefix,
    numberTypes: ['longcode', tollFree].map((type) => ({ type, defaultPrice })),
  };
}

export const getPrices: Handler = (call, context) => {
  const direction = call.query.get('direction');
  if (direction !== null && direction !== 'outbound' && direction !== 'inbound')
    fail(PROBLEMS.invalidParameter);
  const subAccountId = call.query.get('subAccountId');
  if (subAccountId !== null) readSubAccount(subAccountId, context.subAccountIds);
  const { currency, shape } = context.prices;
  const countries = selectCountries(call, context).map((priced) => {
    const callingCode = callingCodeOf(priced.country);
    return { priced, dialingPrefix: callingCode === undefined ? '' : `+${callingCode}` };
  });
  const outbound = countries.map(({ priced, dialingPrefix }) => outboundOf(priced, dialingPrefix, currency));
  // 8x8's schema has `tollfree` and arrays, its examples have `tollFree` and objects.
  const tollFree = shape === 'array' ? 'tollfree' : 'tollFree';
  const inbound = countries.map(({ priced, dialingPrefix }) =>
    inboundOf(priced, dialingPrefix, currency, tollFree),
  );
  const list = {
    ...(direction !== 'inbound' && {
      outbound: shape === 'array' ? [{ countries: outbound }] : { countries: outbound },
    }),
    ...(direction !== 'outbound' && { inbound: shape === 'array' ? inbound : { countries: inbound } }),
  };
  const { subAccountIds: known, defaultSubAccountId } = context;
  const subAccountIds = subAccountId === null ? (known ?? [defaultSubAccountId]) : [subAccountId];
  return { status: 200, json: { subAccounts: subAccountIds.map((id) => ({ subAccountId: id, ...list })) } };
};

export const getBalance: Handler = (_call, context) => {
  const opening = context.openingBalance ?? fail(PROBLEMS.notPrepaid);
  const spent = context.messages.spentMicros() + context.otherCosts.total();
  const micros = Math.round(opening * MICROS) - spent;
  return { status: 200, json: { balance: micros / MICROS, currency: context.prices.currency } };
};
