export {
  createEmulator,
  type EmulatedExportOptions,
  type EmulatedMessage,
  type EmulatedPriceOptions,
  type EmulatedRequest,
  type EmulatedWebhook,
  type Emulator,
  type EmulatorOptions,
  type FaultAnswer,
  type FaultName,
  type FaultOptions,
} from '../emulator/emulator.ts';
export {
  type ConformanceCase,
  type ConformanceSizes,
  type LimitStoreConformanceOptions,
  limitStoreConformance,
  type StoreUnderTest,
} from './limit-store-conformance.ts';
