/** One environment variable; a denied read (Deno) and an empty value count as missing. */
export function readVariable(name: string): string | undefined {
  try {
    const value = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[
      name
    ];
    return value === undefined || value.trim() === '' ? undefined : value.trim();
  } catch {
    return undefined;
  }
}

/** Whether `NODE_ENV` says that this is no production system. A missing variable does not. */
export function isDevelopment(): boolean {
  const mode = readVariable('NODE_ENV');
  return mode === 'development' || mode === 'test';
}
