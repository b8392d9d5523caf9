/**
 * Put in place of the globals by the bundler, so that importing the package needs none of them: ky, p-throttle and jose make
 * one of each at import. Workers with a compatibility date before May 2025 have no FinalizationRegistry; it only matters for
 * a signal of p-throttle's own, which this package does not use. Jest's jsdom has no TextEncoder and no TextDecoder: those
 * are looked up again when they are used.
 */
const Registry =
  globalThis.FinalizationRegistry ??
  class {
    register() {}
  };

const Encoder =
  globalThis.TextEncoder ??
  class {
    encode(text) {
      return new globalThis.TextEncoder().encode(text);
    }
  };

const Decoder =
  globalThis.TextDecoder ??
  class {
    #settings;
    #decoder;
    constructor(...settings) {
      this.#settings = settings;
    }
    decode(...input) {
      this.#decoder ??= new globalThis.TextDecoder(...this.#settings);
      return this.#decoder.decode(...input);
    }
  };

export { Decoder as TextDecoder, Encoder as TextEncoder, Registry as FinalizationRegistry };
