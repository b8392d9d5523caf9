import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../../src/errors.ts';
import {
  toExpressHandler,
  toFastifyHandler,
  toHonoHandler,
  toLambdaHandler,
  toNextHandler,
  toNodeHandler,
} from '../../../../src/webhooks/index.ts';
import { createFakeReceiver } from '../../../support/fake-receiver.ts';

type Adapter = (receiver: never, options?: never) => unknown;
const ADAPTERS: Readonly<Record<string, Adapter>> = {
  toExpressHandler,
  toFastifyHandler,
  toHonoHandler,
  toLambdaHandler,
  toNextHandler,
  toNodeHandler,
};

function errorOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('an adapter', () => {
  it.each(Object.entries(ADAPTERS))('%s refuses, at start-up, anything but a receiver', (name, adapter) => {
    for (const wrong of [undefined, {}, { respond() {} }]) {
      const error = errorOf(() => adapter(wrong as never));
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error).toMatchObject({ option: 'receiver', message: expect.stringContaining(name) });
    }
  });

  it.each<Adapter>([toHonoHandler, toLambdaHandler, toNextHandler])(
    'refuses an unknown option: %o',
    (adapter) => {
      const { receiver } = createFakeReceiver();
      const error = errorOf(() => adapter(receiver as never, { remoteAdress: () => '' } as never));
      expect(error).toMatchObject({ message: expect.stringContaining('Did you mean "remoteAddress"?') });
      const wrong = errorOf(() => adapter(receiver as never, { remoteAddress: '1.2.3.4' } as never));
      expect(wrong).toMatchObject({ option: 'options.remoteAddress' });
    },
  );
});
