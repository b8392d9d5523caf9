export type { Account, Balance } from './api/account.ts';
export type { BatchSettings } from './api/batch-request.ts';
export type { Cancellation, Cancelling } from './api/cancel.ts';
export type { EstimatedPrice, EstimateInput, EstimateMessage, MessageEstimate } from './api/estimate.ts';
export type { ExportJob, ExportQuery, ExportState } from './api/exports/export-job.ts';
export type { ExportRow } from './api/exports/export-row.ts';
export type { RunExport } from './api/exports/export-run.ts';
export type { Exports } from './api/exports/exports.ts';
export type { GiveFeedback, MessageFeedback } from './api/feedback.ts';
export type {
  GetMessage,
  MessageDetails,
  MessageDirection,
  MessagePrice,
  MessageState,
  MessageStatus,
  MessageStatusDetail,
} from './api/message-details.ts';
export type { Messages } from './api/messages.ts';
export type { KnownPrice } from './api/price-book.ts';
export type {
  GetPrices,
  InboundPrices,
  NumberTypePrice,
  OperatorPrice,
  OutboundPrices,
  PriceList,
  PriceQuery,
  SubAccountPrices,
} from './api/prices.ts';
export type { Price } from './api/read-answer.ts';
export type { BatchInput, BatchResult, BatchTemplate, SendBatch } from './api/send-batch.ts';
export type { SendMany, SendManyOptions } from './api/send-many/send-many.ts';
export type { BatchMessage, Encoding, SmsContent, SmsMessage } from './api/sms-message.ts';
export type {
  SurveyBatchInput,
  SurveyBatchMessage,
  SurveyContent,
  SurveyInput,
  SurveyMessage,
  Surveys,
  SurveyTemplate,
} from './api/surveys.ts';
export type {
  WebhookInput,
  WebhookOAuth,
  WebhookSetting,
  WebhookSettings,
} from './api/webhook-settings.ts';
export { SmsClient } from './client.ts';
export type { Consent, ConsentDetails } from './consent/consent.ts';
export type { ConsentChange, ConsentLedger, ConsentRecord } from './consent/consent-ledger.ts';
export { memoryConsentLedger } from './consent/memory-consent-ledger.ts';
export type { ApiKeyFunction, ApiKeyRequest, ExpiringApiKey } from './credentials.ts';
export * from './errors.ts';
export type { EventListener, SmsEvent } from './events.ts';
export type { BackoffGuardOptions } from './guards/backoff.ts';
export type { ConsentCall, ConsentGuardOptions, ConsentNotice, ConsentQuery } from './guards/consent.ts';
export type { ContentGuardOptions } from './guards/content.ts';
export type { CountriesGuardOptions } from './guards/countries.ts';
export type { GuardCounter, GuardRefusal, GuardsDesk, GuardsInspection, GuardsQuery } from './guards/desk.ts';
export type { GuardMode, GuardName } from './guards/guard.ts';
export type { PhoneGuardOptions } from './guards/phone.ts';
export type { PrefixGuardOptions, PrefixRange } from './guards/prefix.ts';
export type {
  LimitWindow,
  RecipientGuardInput,
  RecipientGuardOptions,
  RecipientWindowOptions,
} from './guards/recipient.ts';
export type {
  BackoffRule,
  DistinctRule,
  LimitKey,
  LimitRule,
  LimitStore,
  OnceRule,
  RefusalReason,
  RuleFinding,
  RuleState,
  Settlement,
  SlotRule,
  StoreCallOptions,
  TakeRequest,
  TakeVerdict,
  WindowRule,
} from './limits/limit-store.ts';
export { type MemoryLimitsOptions, memoryLimits } from './limits/memory-limits.ts';
export type {
  GuardsOptions,
  Logger,
  PaceOptions,
  Region,
  RetryOptions,
  SmsClientOptions,
} from './options.ts';
export type { NumberType } from './phone/libphonenumber.ts';
export type {
  AcceptedResult,
  BlockedResult,
  FailedResult,
  RejectedResult,
  SendCounts,
  SendResult,
} from './results.ts';
export type { CallOptions, Clock, Fetch, Purpose } from './types.ts';
