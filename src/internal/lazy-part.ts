import type { Calls } from '../call.ts';
import { loadFile } from './load-file.ts';

/** A part of the package that is loaded with its first use, because most processes never use it. */
export interface LazyPart<Part> {
  /** Undefined until it has been loaded. */
  readonly loaded: Part | undefined;
  /** @throws ConfigurationError the file of the part cannot be loaded */
  load(): Promise<Part>;
}

/** Keeps the part and no promise of it, because requests of a Worker may not share one. */
export function lazyPart<Part>(importPart: () => Promise<Part>): LazyPart<Part> {
  let loaded: Part | undefined;
  return {
    get loaded() {
      return loaded;
    },
    async load() {
      loaded ??= await loadFile(importPart);
      return loaded;
    },
  };
}

/** The kind of each method of a resource: it returns a promise, or rows to iterate. */
export type MethodKinds<Resource> = { readonly [Name in keyof Resource]: 'promise' | 'rows' };

type Method = (...inputs: readonly unknown[]) => unknown;
type Methods = Readonly<Record<string, Method>>;

const DONE: IteratorResult<never, undefined> = { done: true, value: undefined };

/** A resource whose code is loaded with the first call of one of its methods. Later calls go straight to the method. */
export function lazyResource<Part, Resource extends object>(
  part: LazyPart<Part>,
  calls: Pick<Calls, 'afterLoading'>,
  create: (part: Part) => Resource,
  kinds: MethodKinds<Resource>,
): Resource {
  let made: Methods | undefined;

  function make(loaded: Part): Methods {
    made ??= create(loaded) as Methods;
    return made;
  }

  function afterLoading<Result>(begin: (methods: Methods) => Result | PromiseLike<Result>): Promise<Result> {
    return calls.afterLoading(
      () => part.load(),
      (loaded) => begin(make(loaded)),
    );
  }

  async function firstCall(name: string, inputs: readonly unknown[]): Promise<unknown> {
    // Awaited here, so that the stack of an error leads to the caller.
    return await afterLoading((methods) => (methods[name] as Method)(...inputs));
  }

  /** No generator, because leaving one takes effect only after the row that it waits for. */
  function firstRows(name: string, inputs: readonly unknown[]): AsyncIterableIterator<unknown> {
    let rows: AsyncIterator<unknown> | undefined;
    let isOver = false;

    function nextOf(methods: Methods) {
      if (isOver) return DONE;
      rows ??= ((methods[name] as Method)(...inputs) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
      return rows.next();
    }

    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      async next() {
        if (isOver) return DONE;
        try {
          return await (rows?.next() ?? afterLoading(nextOf));
        } catch (error) {
          isOver = true;
          throw error;
        }
      },
      async return() {
        isOver = true;
        return (await rows?.return?.()) ?? DONE;
      },
    };
  }

  const methods = Object.entries(kinds).map(([name, kind]) => {
    const first = kind === 'rows' ? firstRows : firstCall;
    const method: Method = (...inputs) =>
      part.loaded === undefined ? first(name, inputs) : make(part.loaded)[name]?.(...inputs);
    return [name, method];
  });
  return Object.fromEntries(methods) as Resource;
}
