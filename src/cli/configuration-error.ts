/** A `ConfigurationError` of the package, which commands load only when they need it. */
export async function configurationError(message: string, option: string): Promise<Error> {
  const { ConfigurationError } = await import('../index.ts');
  return new ConfigurationError(message, option);
}
