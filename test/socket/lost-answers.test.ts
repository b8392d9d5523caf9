import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FaultServer, startFaultServer } from '../support/fault-server.ts';
import {
  outcomeOf,
  runScenario,
  SCENARIOS,
  send,
  subAccountOf,
  transportTo,
} from '../support/socket-scenarios.ts';

let server: FaultServer;
beforeAll(async () => {
  server = await startFaultServer();
});
afterAll(() => server.close());

describe('a send whose answer is lost', () => {
  it.each(SCENARIOS)(
    '$fault on a $connection connection, way $way: one POST, $submission',
    async (scenario) => {
      const result = await runScenario(server.port, scenario);
      expect(result).toMatchObject({ submission: scenario.submission, attempts: 1 });
      const seen = server.seenBy(subAccountOf(scenario));
      const isWarm = scenario.connection === 'warm';
      const isFetched = scenario.way === 'fetch';
      expect(seen).toMatchObject([{ method: 'POST', warm: isWarm, hasLength: true, isFetched }]);
    },
  );
});

describe('a send that an abort cuts off', () => {
  it('after the write: unknown, one POST', async () => {
    const controller = new AbortController();
    const transport = transportTo(`http://127.0.2.1:${server.port}`);
    const outcome = outcomeOf('none~abort', send(transport, 'none~abort', controller.signal));
    while (server.seenBy('none~abort').length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(await outcome).toMatchObject({ error: 'AbortError', submission: 'unknown' });
    expect(server.seenBy('none~abort')).toHaveLength(1);
  });

  it('before the write: not submitted, no POST', async () => {
    const transport = transportTo(`http://127.0.2.1:${server.port}`);
    const outcome = await outcomeOf('ok~abort', send(transport, 'ok~abort', AbortSignal.abort()));
    expect(outcome).toMatchObject({ error: 'AbortError', submission: 'not-submitted' });
    expect(server.seenBy('ok~abort')).toHaveLength(0);
  });
});

describe('a refused connection', () => {
  it('provably sent nothing, so it is tried again', async () => {
    const closed = await startFaultServer();
    await closed.close();
    const transport = transportTo(`http://127.0.0.1:${closed.port}`);
    expect(await outcomeOf('refused', send(transport, 'refused'))).toEqual({
      subAccount: 'refused',
      error: 'ConnectionError',
      submission: 'not-submitted',
      attempts: 3,
    });
  });
});
