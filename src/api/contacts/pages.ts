import { type Fields, integer } from '../../schema.ts';
import type { Operation } from '../../transport/operation.ts';
import type { CallOptions } from '../../types.ts';
import { optionalNumber, type ResponseFields, responseError, toFields, toList } from '../parse-response.ts';
import type { AccountCalls } from './contacts-request.ts';

/** Part of a list, and the size of its pages. */
export interface PageQuery {
  /** Entries of one page, 1 to 500: how many one request fetches. @default 100 (8x8's own is 20) */
  readonly limit?: number | undefined;
  /** The page to begin with; 8x8 counts pages here, not entries. @default 0, the first */
  readonly offset?: number | undefined;
}

const DEFAULT_LIMIT = 100;

/** Limits: https://developer.8x8.com/connect/reference/contact-search */
export const pageFields: Fields<PageQuery> = {
  limit: integer({ min: 1, max: 500 }),
  offset: integer({ min: 0, max: 2_147_483_647 }),
};

/** A list of 8x8's, and how to read it. */
export interface Listing<Item> {
  readonly operation: Operation;
  /** Checks the query and gives what goes out with every page, `limit` and `offset` among it. */
  readonly query: () => Readonly<Record<string, string | number | undefined>> & PageQuery;
  readonly read: (value: unknown) => Item;
}

/**
 * Notices pages that come again, in a circle of any length, and remembers one page for it (Brent's cycle detection).
 * Without this a server that ignores `offset` would be read for ever.
 */
function createCircleWatch(): (ids: string) => boolean {
  let landmark: string | undefined;
  let seen = 0;
  let nextLandmark = 1;
  return (ids) => {
    if (ids === landmark) return true;
    seen += 1;
    if (seen === nextLandmark) {
      landmark = ids;
      nextLandmark *= 2;
    }
    return false;
  };
}

/** Why a page cannot be followed by the next one that it announces; undefined when it can. */
function deadEnd(
  page: number,
  totalPages: number | undefined,
  ids: readonly unknown[],
  comesAgain: (ids: string) => boolean,
): string | undefined {
  if (ids.length === 0) return `page ${page} is empty and says that there is a next one`;
  // One page more than announced is let pass: entries may have been added meanwhile.
  if (totalPages !== undefined && page >= totalPages) return `it announces more than its ${totalPages} pages`;
  return comesAgain(JSON.stringify(ids)) ? `page ${page} is one that came before` : undefined;
}

/** Reads page after page, each when the entries of the last one are used up. Each page is a call of its own. */
export async function* listPages<Item extends { readonly id: string | number }>(
  { ask }: AccountCalls,
  listing: Listing<Item>,
  options: CallOptions | undefined,
): AsyncGenerator<Item, void, void> {
  const { operation } = listing;
  const comesAgain = createCircleWatch();
  const { limit = DEFAULT_LIMIT, offset = 0, ...rest } = listing.query();
  for (let page = offset; ; page++) {
    const query = { ...rest, limit, offset: page };
    const { items, fields } = await ask(
      operation,
      options,
      () => ({ query }),
      (body) => {
        const given = toFields(body);
        return { fields: given, items: itemsOf(given).map(listing.read) };
      },
    );
    const hasNextPage = fields.hasNextPage === true;
    const ids = items.map(({ id }) => id);
    const problem = hasNextPage
      ? deadEnd(page, optionalNumber(fields, 'totalPages'), ids, comesAgain)
      : undefined;
    if (problem !== undefined) throw responseError(operation, { status: 200, attempts: 1 }, problem);
    yield* items;
    if (!hasNextPage) return;
  }
}

/** 8x8's list of jobs may be absent when it is empty. */
function itemsOf(fields: ResponseFields): readonly unknown[] {
  return fields.items === undefined || fields.items === null ? [] : toList(fields.items, 'items');
}
