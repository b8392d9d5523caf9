export type { SandboxFault, SandboxOptions, SandboxWebhook } from './options.ts';
export { type Sandbox, startSandbox } from './start-sandbox.ts';
