import type { ServerNeeds } from './server-needs.ts';
import { refusalWarning, type ServerWarning } from './server-warnings.ts';

/** The fields of the reply to `INFO`. */
export type Info = ReadonlyMap<string, string>;

/** Some client libraries are configured to return bytes. */
export function toText(reply: unknown): string {
  return reply instanceof Uint8Array ? new TextDecoder().decode(reply) : String(reply);
}

export function readInfo(reply: unknown): Info {
  const pairs = [...toText(reply).matchAll(/^(\w+):(.*?)\r?$/gm)];
  return new Map(pairs.map(([, name = '', value = '']) => [name, value]));
}

/** The problems that a server names itself. */
export function infoWarnings(info: Info | undefined, needs: ServerNeeds): readonly ServerWarning[] {
  const version = info?.get('valkey_version') ?? info?.get('redis_version');
  const policy = info?.get('maxmemory_policy');
  const warnings: ServerWarning[] = [];
  if (version === undefined || policy === undefined) {
    warnings.push({
      warning: 'not-checked',
      message: `The server did not report its configuration: this user may not run INFO. Verify that its version is ${needs.version}.0 or later and its maxmemory-policy is noeviction.`,
    });
  }
  if (version !== undefined && Number.parseInt(version, 10) < needs.version) {
    const shown = version.replace(/[^\d.].*/, '');
    const message = `The server is version ${shown}. Use Redis ${needs.version}.0 or later, or Valkey.`;
    warnings.push({ warning: 'too-old', message });
  }
  if (policy !== undefined && needs.evicts.test(policy)) {
    const shown = /^[a-z-]{1,30}$/.test(policy) ? policy : 'another';
    const message = `The server's maxmemory-policy is ${shown}: ${needs.evictionMessage}. Set it to noeviction.`;
    warnings.push({ warning: 'eviction', message });
  }
  // A replica may be configured to accept writes, which its next synchronization discards.
  if (info?.get('role') === 'slave') {
    warnings.push(refusalWarning('READONLY', needs.effect) as ServerWarning);
  }
  return warnings;
}
