import { type Finding, ok, problem, warning } from './finding.ts';

/** The oldest Node that the package supports. */
const LEAST_MAJOR = 20;

/** Node and the variables that change how it connects. */
export function checkEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  { node, openssl = 'unknown' }: NodeJS.ProcessVersions = process.versions,
): readonly Finding[] {
  const findings: Finding[] = [];
  const about = `Node ${node}, OpenSSL ${openssl}`;
  findings.push(
    Number.parseInt(node, 10) >= LEAST_MAJOR
      ? ok('environment', about)
      : problem('environment', about, `Use Node ${LEAST_MAJOR}.19 or later.`),
  );
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    findings.push(
      problem(
        'environment',
        'NODE_TLS_REJECT_UNAUTHORIZED=0: anyone on the network can read the API key and every message.',
        'Remove the variable. For a company proxy with its own certificates set NODE_EXTRA_CA_CERTS to their file.',
      ),
    );
  }
  if (hasProxy(env)) {
    findings.push(
      warning(
        'environment',
        'Requests go through a proxy (NODE_USE_ENV_PROXY): DNS, TLS and clock are checked without it.',
        'Allow the hosts of 8x8 in the proxy, with TLS 1.3.',
      ),
    );
  }
  return findings;
}

function hasProxy(env: Readonly<Record<string, string | undefined>>): boolean {
  const { NODE_USE_ENV_PROXY: isUsed, HTTPS_PROXY: upper, https_proxy: lower } = env;
  return isUsed === '1' && (upper ?? lower ?? '') !== '';
}
