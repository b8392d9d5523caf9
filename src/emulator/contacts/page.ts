import type { ApiCall, ApiResponse } from '../context.ts';
import { fail, PROBLEMS } from '../problems.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 500;

/** Reads a whole number from the query; returns `missing` without it. */
export function readNumber(
  call: ApiCall,
  name: string,
  missing: number,
  min = 0,
  max = Number.MAX_SAFE_INTEGER,
): number {
  const text = call.query.get(name);
  if (text === null) return missing;
  const value = /^\d+$/.test(text) ? Number(text) : -1;
  return value >= min && value <= max ? value : fail(PROBLEMS.invalidParameter);
}

/** Responds with one page of the matching items; `offset` counts pages. */
export function pageResponse<Item>(
  call: ApiCall,
  matching: readonly Item[],
  totalCount: number,
  toJson: (item: Item) => unknown,
): ApiResponse {
  const limit = readNumber(call, 'limit', DEFAULT_LIMIT, 1, MAX_LIMIT);
  const page = readNumber(call, 'offset', 0);
  const totalPages = Math.ceil(matching.length / limit);
  return {
    status: 200,
    json: {
      items: matching.slice(page * limit, (page + 1) * limit).map(toJson),
      page,
      totalPages,
      totalCount,
      totalFiltered: matching.length,
      hasPreviousPage: page > 0 && totalPages > 0,
      hasNextPage: page + 1 < totalPages,
    },
  };
}
