/** Headers in which gateways give the id of a request. */
const HEADERS = ['x-request-id', 'request-id', 'x-correlation-id'] as const;

/** Short and printable. Digits alone could be a number of a person. */
const ID = /^(?=.*[A-Za-z])[\w.:-]{8,100}$/;

/** The id under which 8x8 knows a request, where it gives one. */
export function readRequestId(headers: Pick<Headers, 'get'>): string | undefined {
  for (const name of HEADERS) {
    const id = headers.get(name);
    if (id !== null && ID.test(id)) return id;
  }
  return undefined;
}
