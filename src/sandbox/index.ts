export type { SandboxFault, SandboxOptions, SandboxWebhook } from './options.ts';
export { sandboxReporter } from './reporter.ts';
export { type Sandbox, startSandbox } from './start-sandbox.ts';
