export {
  type ConnectOptions,
  createEmulator,
  type EmulatedAnswer,
  type EmulatedChannel,
  type EmulatedDelivery,
  type EmulatedExportOptions,
  type EmulatedMessage,
  type EmulatedPriceOptions,
  type EmulatedReceipt,
  type EmulatedReply,
  type EmulatedReport,
  type EmulatedRequest,
  type EmulatedVerification,
  type EmulatedWebhook,
  type Emulator,
  type EmulatorOptions,
  type FaultName,
  type FaultOptions,
  type FaultResponse,
  type MessageReference,
  type WebhookSimulator,
  type WebhookTarget,
} from '../emulator/emulator.ts';
export {
  type ConsentLedgerConformanceOptions,
  consentLedgerConformance,
} from './consent-ledger-conformance.ts';
export { createTestClient, type TestClient, type TestClientOptions } from './create-test-client.ts';
export {
  type ConformanceCase,
  type ConformanceSizes,
  type LimitStoreConformanceOptions,
  limitStoreConformance,
  type StoreUnderTest,
} from './limit-store-conformance.ts';
export { createMswHandlers, type MswHandlersOptions, type MswHttp } from './msw-handlers.ts';
export type { Outbox, OutboxMessage } from './outbox.ts';
export { createTestClock, type TestClock } from './test-clock.ts';
