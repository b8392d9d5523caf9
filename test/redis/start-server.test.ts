import { expect, it, vi } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { startSentinel } from '../support/redis-sentinel.ts';
import { hasRedisServer, startRedis, startRedisCluster } from '../support/redis-server.ts';

vi.mock(import('../support/free-port.ts'), async (original) => {
  const actual = await original();
  return { freePort: vi.fn(actual.freePort) };
});

/** Another program takes the port between the look and the start of the server. */
function stealNext(port: number): void {
  vi.mocked(freePort).mockResolvedValueOnce(port);
}

const ofTest = <Started extends { stop(): Promise<void> }>(started: Started): Started => {
  cleanUp.push(() => started.stop());
  return started;
};
const cleanUp: (() => Promise<void>)[] = [];

it.runIf(hasRedisServer())(
  'starts on another port when the port was taken, and never takes the answer of another server',
  async ({ onTestFinished }) => {
    onTestFinished(async () => {
      for (const stop of cleanUp.reverse()) await stop();
    });
    const server = ofTest(await startRedis());
    stealNext(server.port);
    const second = ofTest(await startRedis());
    expect(second.port).not.toBe(server.port);
    expect(second.cli('INFO', 'server')).toContain(`process_id:${second.process.pid}`);

    stealNext(server.port);
    const sentinel = ofTest(await startSentinel(server.port, 1_000));
    expect(sentinel.primaryPort()).toBe(server.port);

    stealNext(server.port);
    const { nodes } = ofTest(await startRedisCluster());
    expect(nodes.map(({ port }) => port)).not.toContain(server.port);
    expect(
      nodes.map((node) => node.cli('CLUSTER', 'INFO')).every((text) => text.includes('cluster_state:ok')),
    ).toBe(true);
  },
);

it('gives ports below the range that outgoing connections get', async () => {
  vi.mocked(freePort).mockClear();
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  expect(new Set(ports).size).toBe(50);
  expect(Math.max(...ports)).toBeLessThan(32_768);
});
