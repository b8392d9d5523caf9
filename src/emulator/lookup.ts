import { callingCodeOf } from './calling-codes.ts';
import type { Handler } from './context.ts';
import { segment } from './messages.ts';
import { MICROS } from './prices.ts';
import { fail, PROBLEMS } from './problems.ts';
import { readDestination } from './read-message.ts';

/** Invented price of one lookup, in millionths of the currency. */
const LOOKUP_MICROS = { format: 0, operator: 0.004 * MICROS, live: 0.008 * MICROS } as const;

function readType(type: string | null): keyof typeof LOOKUP_MICROS {
  if (type === null || type === 'format') return 'format';
  return type === 'operator' || type === 'live' ? type : fail(PROBLEMS.invalidParameter);
}

/** Every number of a known country belongs to a mobile in its home network, switched on. */
export const lookUpNumber: Handler = (call, context) => {
  const type = readType(call.query.get('type'));
  const country = call.query.get('country');
  const found = readDestination({
    destination: segment(call, 'phoneNumber'),
    ...(country !== null && { country }),
  });
  const network = context.prices.countries.find((priced) => priced.country === found.country);
  const operator = network && {
    operatorName: network.operator,
    mcc: network.mcc,
    mnc: network.mnc,
    country: network.country,
  };
  const callingCode = found.country === undefined ? undefined : callingCodeOf(found.country);
  context.otherCosts.add(LOOKUP_MICROS[type]);
  return {
    status: 200,
    json: {
      requestId: context.ids.uuid(),
      phoneNumber: found.destination,
      phoneNumberNational: found.destination.slice(1 + (callingCode?.length ?? 0)),
      phoneType: found.country === undefined ? 'Unknown' : 'Mobile',
      country: found.country,
      ...(type === 'live' && { roaming: false, presence: true }),
      status: { state: 'ok', timestamp: new Date(context.clock.now()).toISOString() },
      ...(type !== 'format' && { ported: false, currentOperator: operator, originalOperator: operator }),
    },
  };
};
