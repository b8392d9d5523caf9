import { randomUUID } from 'node:crypto';
import type { ApiError, PriceList } from '../../index.ts';
import { askOnce, type Examined, type Finding, messageOf, ok, problem, warning } from './finding.ts';
import { regionOf } from './settings.ts';

/** 8x8's code for a sub-account that is malformed, unknown or another account's. */
const ILLEGAL_SUB_ACCOUNT = 1001;
/** 8x8's code for what the account may not do. */
const ACCESS_FORBIDDEN = 1201;

async function toApiError(error: unknown): Promise<ApiError | undefined> {
  const { ApiError } = await import('../../index.ts');
  return ApiError.isInstance(error) ? error : undefined;
}

/** The refusal of a key, which every question meets in the same way. */
function keyProblem({ settings }: Examined): Finding {
  const host = new URL(settings.hosts.sms).hostname;
  const region = regionOf(host);
  return problem(
    'account',
    '8x8 refuses the key (HTTP 401).',
    region === undefined
      ? `Check that the key belongs to ${host}: a sandbox accepts only keys that begin with sandbox_.`
      : `Copy the key again from 8x8 Connect under API keys. A key works only in its own region, and this check used ${region}: set EIGHTBYEIGHT_REGION (apac, us, eu, id) for another.`,
  );
}

/** The facts learned about the account. */
interface AccountPrices {
  readonly findings: readonly Finding[];
  /** Undefined when 8x8 gave no prices. */
  readonly prices: PriceList | undefined;
}

async function checkPrices(examined: Examined): Promise<AccountPrices> {
  const { sms, settings, signal } = examined;
  const { accountId, subAccountId } = settings;
  if (accountId === undefined) {
    const text = 'accountId is not set: prices, balance and webhook settings cannot be checked.';
    const advice = 'Set EIGHTBYEIGHT_ACCOUNT_ID; 8x8 Connect shows it under API keys.';
    return { findings: [warning('prices', text, advice)], prices: undefined };
  }
  try {
    const prices = await sms.account.prices({ direction: 'outbound' }, askOnce(examined));
    const countries = new Set(
      prices.subAccounts
        .filter((each) => each.subAccountId === subAccountId)
        .flatMap(({ outbound }) => outbound.map(({ alpha2Code }) => alpha2Code)),
    );
    const finding =
      countries.size === 0
        ? warning(
            'prices',
            `8x8 lists no price for the sub-account ${subAccountId}.`,
            'Ask 8x8 for a pricing plan of this sub-account: without one it refuses messages with code 2006.',
          )
        : ok('prices', `of ${countries.size} ${countries.size === 1 ? 'country' : 'countries'}`);
    return { findings: [finding], prices };
  } catch (error) {
    signal.throwIfAborted();
    const refusal = await toApiError(error);
    if (refusal?.status === 401) return { findings: [keyProblem(examined)], prices: undefined };
    if (refusal?.status === 403 || refusal?.status === 404) {
      const text = `8x8 does not let the key see the account ${accountId} (HTTP ${refusal.status}).`;
      const advice =
        accountId === subAccountId
          ? 'accountId and subAccountId are equal: one of them is wrong. 8x8 Connect shows both under API keys.'
          : 'Set EIGHTBYEIGHT_ACCOUNT_ID to the account that the key belongs to; 8x8 Connect shows it under API keys.';
      return { findings: [problem('account', text, advice)], prices: undefined };
    }
    return {
      findings: [problem('prices', messageOf(error), 'Run doctor again; if the problem remains, ask 8x8.')],
      prices: undefined,
    };
  }
}

function subAccountProblem({ settings }: Examined, prices: PriceList | undefined): Finding {
  const { subAccountId, accountId } = settings;
  const text = `8x8 does not know the sub-account ${subAccountId} (HTTP 400, code ${ILLEGAL_SUB_ACCOUNT}).`;
  const names = (prices?.subAccounts ?? []).map((each) => each.subAccountId);
  if (accountId === subAccountId) {
    return problem(
      'sub-account',
      text,
      'subAccountId holds the ID of the account: set that of a sub-account.',
    );
  }
  const known = names.length > 0 ? ` The account has ${names.slice(0, 5).join(', ')}.` : '';
  return problem(
    'sub-account',
    text,
    `Set EIGHTBYEIGHT_SUB_ACCOUNT_ID to a sub-account of the key's account.${known}`,
  );
}

/** Asks for an export that does not exist: key and sub-account are judged, and nothing is sent or paid. */
async function checkSubAccount(examined: Examined, prices: PriceList | undefined): Promise<Finding> {
  const { sms, settings, signal } = examined;
  const fine = ok('account', `8x8 accepts the key for the sub-account ${settings.subAccountId}`);
  try {
    await sms.exports.get(randomUUID(), askOnce(examined));
    return fine;
  } catch (error) {
    signal.throwIfAborted();
    const refusal = await toApiError(error);
    if (refusal?.status === 404) return fine;
    if (refusal?.status === 401) return keyProblem(examined);
    if (refusal?.apiCode === ILLEGAL_SUB_ACCOUNT) return subAccountProblem(examined, prices);
    return problem('account', messageOf(error), 'Run doctor again; if the problem remains, ask 8x8.');
  }
}

async function checkBalance(examined: Examined): Promise<Finding> {
  const { sms, signal } = examined;
  try {
    const { balance, currency } = await sms.account.balance(askOnce(examined));
    const text = `${balance.toFixed(2)} ${currency}`;
    return balance > 0
      ? ok('balance', text)
      : problem('balance', text, 'Top the account up: 8x8 refuses messages with code 2007.');
  } catch (error) {
    signal.throwIfAborted();
    const refusal = await toApiError(error);
    if (refusal?.apiCode === ACCESS_FORBIDDEN) return ok('balance', 'none: the account is not prepaid');
    return problem('balance', messageOf(error), 'Run doctor again; if the problem remains, ask 8x8.');
  }
}

/** Key, sub-account, account, prices and balance, as 8x8 sees them. */
export async function checkAccount(examined: Examined): Promise<readonly Finding[]> {
  const { findings, prices } = await checkPrices(examined);
  if (findings.some(({ level, text }) => level === 'problem' && text.includes('HTTP 401'))) return findings;
  const subAccount = await checkSubAccount(examined, prices);
  const balance = prices === undefined ? [] : [await checkBalance(examined)];
  return [subAccount, ...findings, ...balance];
}
