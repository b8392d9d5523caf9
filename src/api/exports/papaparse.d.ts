// The browser's build: the main one requires Node's `stream`, which bundlers for Workers do not find.
declare module 'papaparse/papaparse.min.js' {
  const Papa: {
    readonly Parser: new (config: {
      readonly delimiter: string;
      readonly newline: string;
    }) => {
      parse(
        text: string,
        baseIndex: number,
        ignoreLastRow: boolean,
      ): {
        readonly data: readonly (readonly string[])[];
        readonly errors: readonly { readonly code: string }[];
        /** Where the last whole row ended. */
        readonly meta: { readonly cursor: number };
      };
    };
  };
  export default Papa;
}
