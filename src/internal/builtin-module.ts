/**
 * A module of the runtime; undefined where there is none. It is looked up instead of imported, because the entries must load in Workers
 * and browsers, whose bundlers follow an import.
 */
export function builtinModule<Module>(name: `node:${string}`): Module | undefined {
  const { process } = globalThis as unknown as {
    process?: { getBuiltinModule?(name: string): Module | undefined };
  };
  return process?.getBuiltinModule?.(name);
}
