export type { Account, Balance } from './api/account.ts';
export type { Cancellation } from './api/cancel.ts';
export type { Contact, ContactAddresses, ContactInput, CreatedContact } from './api/contacts/contact.ts';
export type { ContactFile } from './api/contacts/contact-file.ts';
export type {
  ContactJob,
  ContactJobGroup,
  ContactJobStatus,
  ContactJobType,
} from './api/contacts/contact-job.ts';
export type { ContactJobs } from './api/contacts/contact-jobs.ts';
export type { BlockQuery, ContactQuery, Contacts } from './api/contacts/contacts.ts';
export type { ContactGroup } from './api/contacts/group.ts';
export type { GroupInput, GroupQuery, Groups } from './api/contacts/groups.ts';
export type {
  ContactJobQuery,
  ContactSelection,
  GroupSelection,
  GroupTransfer,
} from './api/contacts/job-input.ts';
export type { PageQuery } from './api/contacts/pages.ts';
export type { PatchOperation } from './api/contacts/patch.ts';
export type { EstimatedPrice, EstimateInput, MessageEstimate } from './api/estimate.ts';
export type { ExportJob, ExportQuery, ExportState } from './api/exports/export-job.ts';
export type { ExportRow } from './api/exports/export-row.ts';
export type { Exports } from './api/exports/exports.ts';
export type { MessageFeedback } from './api/feedback.ts';
export type { Lookup, LookupQuery, LookupType } from './api/lookup.ts';
export type {
  MessageDetails,
  MessageDirection,
  MessagePrice,
  MessageState,
  MessageStatus,
  MessageStatusDetail,
} from './api/message-details.ts';
export type { Messages } from './api/messages.ts';
export type {
  LookupErrorReason,
  LookupOperator,
  LookupPhoneType,
  LookupStatus,
  NumberLookup,
} from './api/number-lookup.ts';
export type { Price } from './api/parse-response.ts';
export type { KnownPrice } from './api/price-cache.ts';
export type {
  InboundPrices,
  NumberTypePrice,
  OperatorPrice,
  OutboundPrices,
  PriceList,
  PriceQuery,
  SubAccountPrices,
} from './api/prices.ts';
export type { ReconcileQuery, Reconciliation } from './api/reconcile.ts';
export type { EndpointRequest, EndpointResponse } from './api/request.ts';
export type {
  SurveyBatchInput,
  SurveyBatchMessage,
  SurveyContent,
  SurveyInput,
  SurveyMessage,
  SurveySendManyOptions,
  Surveys,
  SurveyTemplate,
} from './api/surveys.ts';
export type { CheckedVerification, VerificationCheck } from './api/verifications/check.ts';
export type { SessionQuery } from './api/verifications/get.ts';
export type { SmaCoverage, SmaCoverageQuery } from './api/verifications/sma-coverage.ts';
export type {
  VerificationCall,
  VerificationCodeType,
  VerificationSms,
  VerificationStart,
  VerificationWhatsApp,
} from './api/verifications/start-input.ts';
export type {
  StartedVerification,
  Verification,
  VerificationChannel,
  VerificationStatus,
} from './api/verifications/verification.ts';
export type { Verifications } from './api/verifications/verifications.ts';
export type {
  WebhookInput,
  WebhookOAuth,
  WebhookSetting,
  WebhookSettings,
} from './api/webhook-settings.ts';
export type { AuditEvent, AuditSink } from './audit/audit-sink.ts';
export { SmsClient } from './client.ts';
export type { ApiKeyFunction, ApiKeyRequest, ExpiringApiKey } from './config/credentials.ts';
export type {
  Logger,
  LogLevel,
  PaceOptions,
  Region,
  RetryOptions,
  SmsClientOptions,
} from './config/options.ts';
export type { Consent, ConsentStatus } from './consent/consent.ts';
export type {
  ConfirmDetails,
  ConsentDetails,
  ConsentPersonQuery,
  ConsentStatusQuery,
} from './consent/consent-input.ts';
export type {
  ConsentChange,
  ConsentEntry,
  ConsentLedger,
  ConsentLedgerCall,
  ConsentListing,
  ConsentRecord,
  PendingOptIn,
} from './consent/consent-ledger.ts';
export type { ConsentRow, ConsentRowDefaults, ConsentRowField } from './consent/consent-row.ts';
export type { FileEncoding } from './consent/decode-file.ts';
export type { OptInRequest } from './consent/double-opt-in.ts';
export { type ExportConsentOptions, exportConsent } from './consent/export-consent.ts';
export type { InboundConsent } from './consent/handle-inbound.ts';
export {
  type BadConsentRow,
  type ConsentImport,
  type ConsentRowPreview,
  type ImportLedger,
  importConsent,
} from './consent/import-consent.ts';
export type {
  ConsentColumns,
  ConsentImportProgress,
  ConsentValues,
  ImportConsentOptions,
} from './consent/import-options.ts';
export type { InboundConsentOptions } from './consent/inbound-options.ts';
export type { KeywordMatch } from './consent/keywords/keyword-match.ts';
export type {
  KeywordChanges,
  KeywordOptions,
  KeywordsByKind,
} from './consent/keywords/keyword-options.ts';
export type { KeywordKind, KeywordLanguage } from './consent/keywords/language-words.ts';
export { type ReadKeywordOptions, readKeyword } from './consent/keywords/read-keyword.ts';
export { type MemoryConsentLedgerOptions, memoryConsentLedger } from './consent/memory-consent-ledger.ts';
export type { ConsentFile } from './consent/read-consent-file.ts';
export type { ReconfirmOptions } from './consent/reconfirm.ts';
export * from './errors.ts';
export type { EventListener, ScheduledNotCancelledReason, SmsEvent } from './events.ts';
export {
  type ClientIpOptions,
  clientIpFrom,
  type HeadersLike,
  type RequestLike,
} from './guards/client-ip-from.ts';
export type {
  ConsentCall,
  ConsentNotice,
  ConsentQuery,
  PossibleOptOut,
} from './guards/consent-options.ts';
export type { GuardMode } from './guards/guard.ts';
export type {
  GuardCounter,
  GuardRefusal,
  GuardsApi,
  GuardsInspection,
  GuardsQuery,
} from './guards/guards-api.ts';
export type { CostFields, MessageCost } from './guards/message-cost.ts';
export {
  type ParsedPhoneNumber,
  type ParsePhoneNumberOptions,
  parsePhoneNumber,
} from './guards/parse-phone-number.ts';
export { type OtpPresetOptions, type PresetOptions, presets } from './guards/presets.ts';
export type {
  OutcomeReport,
  PumpingDesk,
  Suspension,
  SuspensionPlace,
  TrustedPlace,
  TrustOptions,
} from './guards/pumping-desk.ts';
export type * from './guards/reasons.ts';
export type {
  BackoffGuardOptions,
  BudgetAlarm,
  BudgetAmounts,
  BudgetGuardOptions,
  ClientIpGuardOptions,
  ConfigurableGuard,
  ConsentGuardOptions,
  ContentGuardOptions,
  CountriesByPurpose,
  CountriesGuardOptions,
  CustomGuard,
  CustomGuardOptions,
  CustomRefusal,
  CustomRule,
  DayHours,
  DuplicateGuardOptions,
  GuardedMessage,
  GuardsOptions,
  HumanCheck,
  HumanGuardOptions,
  HumanVerification,
  HumanVerifier,
  LimitWindow,
  LinksGuardOptions,
  PhoneGuardOptions,
  PolicyAnswer,
  PolicyGuardOptions,
  PrefixDay,
  PrefixGuardOptions,
  PrefixRange,
  PumpingGuardOptions,
  PumpingTolerance,
  QuietHoursGuardOptions,
  RecipientGuardInput,
  RecipientGuardOptions,
  RecipientWindowOptions,
  ReservedMessages,
  SendingHours,
  UndeliverableGuardOptions,
  VerificationAttemptsGuardOptions,
} from './guards/registry.ts';
export type { ErrorListener, UserCode } from './internal/user-code.ts';
export type {
  DoubtAlert,
  DoubtNotice,
  DoubtOutcome,
  DoubtPlace,
  DoubtRule,
  DoubtStore,
  DoubtTarget,
  TrustableTarget,
} from './limits/doubt-store.ts';
export type {
  BackoffRule,
  BlockRule,
  DistinctRule,
  KnownRule,
  LimitKey,
  LimitRule,
  LimitStore,
  OnceRule,
  RefusalReason,
  RuleCondition,
  RuleState,
  RuleViolation,
  Settlement,
  SlotRule,
  StoreCallOptions,
  TableFilling,
  TakeRequest,
  TakeVerdict,
  VisitorBackoffRule,
  WindowRule,
} from './limits/limit-store.ts';
export { type MemoryLimitsOptions, memoryLimits } from './limits/memory-limits.ts';
export type { RecordStore, RecordVerdict, RecordWrite, StoredRecord } from './limits/record-store.ts';
export type { CheckedOneTimePassword, OneTimePasswordCheckRequest } from './one-time-passwords/check.ts';
export type { IssuedOneTimePassword, OneTimePasswordRequest } from './one-time-passwords/issue.ts';
export type { OneTimePasswords } from './one-time-passwords/one-time-passwords.ts';
export type { OneTimePasswordsOptions } from './one-time-passwords/options.ts';
export type { NumberType } from './phone/libphonenumber.ts';
export type { PhonePolicyOptions, PhoneRefusalReason } from './phone/policy.ts';
export type { BareDigits } from './phone/readings.ts';
export type { RestrictableOperation, RestrictionBudget, Restrictions } from './restrict/restrictions.ts';
export type { BatchSettings } from './sending/batch-request.ts';
export type { ExplainedCount, GuardExplanation, MessageExplanation } from './sending/explain.ts';
export type {
  AcceptedResult,
  BlockedResult,
  FailedResult,
  RejectedResult,
  SendCounts,
  SendResult,
} from './sending/results.ts';
export type { ScheduledMessageRef } from './sending/scheduled/cancel-scheduled.ts';
export type { BatchInput, BatchResult, BatchTemplate } from './sending/send-batch.ts';
export type { SendManyOptions } from './sending/send-many/send-many.ts';
export type { SendManyRun } from './sending/send-many/send-many-run.ts';
export type {
  BatchMessage,
  Encoding,
  HumanTest,
  HumanToken,
  HumanVerdict,
  SmsContent,
  SmsMessage,
  Visitor,
} from './sending/sms-message.ts';
export type { Source, SourceByCountry } from './sending/source.ts';
export type {
  AdmissionOperation,
  AttemptOperation,
  CallOperation,
  HookOperation,
  OperationError,
  PaceOperation,
  StoreOperation,
  TracedOperation,
  WebhookOperation,
} from './telemetry/operations.ts';
export type { Telemetry } from './telemetry/telemetry.ts';
export { measureText, type TextEncoding, type TextMeasure } from './text/measure-text.ts';
export {
  type SmsTemplate,
  type TemplateValues,
  type TemplateVariable,
  type TemplateVariables,
  template,
} from './text/template.ts';
export type { Ucs2Character } from './text/typography.ts';
export type { Permit, PermitLease, PermitRequest, RateLane, SharedPace } from './transport/shared-pace.ts';
export type { CallOptions, Clock, Fetch, Purpose, RawResponse } from './types.ts';
export {
  DELIVERY_ERROR_CODES,
  type DeliveryErrorCode,
  type DeliveryErrorKind,
  describeDeliveryError,
} from './webhooks/delivery-error-codes.ts';
