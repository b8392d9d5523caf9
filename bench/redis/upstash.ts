import { createHash } from 'node:crypto';
import { Ratelimit } from '@upstash/ratelimit';
import type { Redis } from 'ioredis';

const SHEBANG = /^#!lua[^\n]*\n/;

/**
 * Adapts ioredis to the interface that `@upstash/ratelimit` needs, which is made for Upstash's own HTTP client. Its
 * scripts start with `#!lua flags=allow-key-locking`, which a stock Redis 7 refuses ("Unexpected flag in script
 * shebang"), so that line is removed; the rest runs unchanged, by its own SHA-1.
 */
function overIoredis(client: Redis) {
  const shaOf = new Map<string, string>();
  const flat = (keys: readonly string[], args: readonly unknown[]) =>
    [...keys, ...(args as string[])] as string[];
  return {
    async evalsha(hash: string, keys: string[], args: unknown[]): Promise<unknown> {
      const sha = shaOf.get(hash);
      if (sha === undefined) throw new Error('NOSCRIPT not known yet');
      return client.evalsha(sha, keys.length, ...flat(keys, args));
    },
    async eval(script: string, keys: string[], args: unknown[]): Promise<unknown> {
      const text = script.replace(SHEBANG, '');
      shaOf.set(sha1(script), sha1(text));
      return client.eval(text, keys.length, ...flat(keys, args));
    },
  };
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

export type UpstashWindow = (key: string, rate?: number) => Promise<boolean>;

/** One sliding window. `timeoutMs` 0 is its fastest setting, without a timer per call; its default is 5,000. */
export function upstashWindow(
  client: Redis,
  prefix: string,
  limit: number,
  windowMs: number,
  timeoutMs = 0,
): UpstashWindow {
  const limiter = new Ratelimit({
    // The only two methods of the client that it calls.
    redis: overIoredis(client) as unknown as ConstructorParameters<typeof Ratelimit>[0]['redis'],
    limiter: Ratelimit.slidingWindow(limit, `${windowMs} ms`),
    prefix,
    timeout: timeoutMs,
  });
  return async (key, rate) => (await limiter.limit(key, rate === undefined ? {} : { rate })).success;
}
