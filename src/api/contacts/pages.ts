import { type Fields, integer } from '../../schema.ts';
import type { Operation } from '../../transport/operation.ts';
import type { CallOptions } from '../../types.ts';
import { optionalNumber, type ResponseFields, responseError, toFields, toList } from '../parse-response.ts';
import type { AccountCalls } from './contacts-request.ts';

/** Start and page size of a list. */
export interface PageQuery {
  /** Entries per page and request, 1 to 500. @default 100 (8x8's default is 20) */
  readonly limit?: number | undefined;
  /** First page; 8x8 counts pages here, not entries. @default 0, the first */
  readonly offset?: number | undefined;
}

const DEFAULT_LIMIT = 100;

/** Limits: https://developer.8x8.com/connect/reference/contact-search */
export const pageFields: Fields<PageQuery> = {
  limit: integer({ min: 1, max: 500 }),
  offset: integer({ min: 0, max: 2_147_483_647 }),
};

/** A list of 8x8, and how to read it. */
export interface Listing<Item> {
  readonly operation: Operation;
  /** Validates the query and returns the parameters of every page, including `limit` and `offset`. */
  readonly query: () => Readonly<Record<string, string | number | undefined>> & PageQuery;
  readonly read: (value: unknown) => Item;
}

/**
 * Detects pages that repeat in a cycle of any length, and stores only one page (Brent's cycle detection). Without it,
 * a server that ignores `offset` would be read for ever.
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

/** The reason why the next page cannot be fetched; undefined when it can. */
function deadEnd(
  page: number,
  totalPages: number | undefined,
  ids: readonly unknown[],
  comesAgain: (ids: string) => boolean,
): string | undefined {
  if (ids.length === 0) return `page ${page} is empty but announces a next one`;
  // One page more than announced is allowed, because entries may have been added in the meantime.
  if (totalPages !== undefined && page >= totalPages) return `it announces more than its ${totalPages} pages`;
  return comesAgain(JSON.stringify(ids)) ? `page ${page} repeats an earlier page` : undefined;
}

/** Reads the pages in order, each when the entries of the last one are consumed. Each page is a separate call. */
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

/** 8x8 may omit an empty list of jobs. */
function itemsOf(fields: ResponseFields): readonly unknown[] {
  return fields.items === undefined || fields.items === null ? [] : toList(fields.items, 'items');
}
