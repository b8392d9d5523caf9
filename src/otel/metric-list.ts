/** The histogram buckets of OpenTelemetry's conventions for HTTP and messaging, in seconds. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;
/** For what usually takes less than a millisecond. */
const SHORT_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.15, 0.5, 1, 5] as const;

/** One metric, as data: the instruments, the table of docs/observe.md and the checks of the dashboard come from it. */
export interface MetricDefinition {
  readonly kind: 'counter' | 'up-down-counter' | 'gauge' | 'histogram';
  readonly unit: string;
  readonly description: string;
  /** Names of its attributes. */
  readonly attributes: readonly string[];
  readonly buckets?: readonly number[];
}

/** Every metric. The attributes have few values each: at most 249 countries, 3 purposes, 19 guards. */
export const METRICS = {
  'messaging.client.sent.messages': {
    kind: 'counter',
    unit: '{message}',
    description: 'Messages that were written to 8x8.',
    attributes: [
      'messaging.system',
      'messaging.operation.name',
      'sms_guard.purpose',
      'sms_guard.country',
      'error.type',
    ],
  },
  'messaging.client.operation.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Duration of calls that send, from the first check to the last response.',
    attributes: [
      'messaging.system',
      'messaging.operation.name',
      'messaging.operation.type',
      'sms_guard.refused',
      'error.type',
    ],
    buckets: SECONDS,
  },
  'messaging.process.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Duration of webhooks, your handler included.',
    attributes: [
      'messaging.system',
      'messaging.operation.name',
      'messaging.operation.type',
      'sms_guard.webhook.event',
      'error.type',
    ],
    buckets: SECONDS,
  },
  'http.client.request.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Duration of attempts at 8x8.',
    attributes: [
      'http.request.method',
      'server.address',
      'server.port',
      'url.template',
      'http.response.status_code',
      'error.type',
    ],
    buckets: SECONDS,
  },
  'sms_guard.messages.admitted': {
    kind: 'counter',
    unit: '{message}',
    description: 'Messages that all guards admitted.',
    attributes: ['sms_guard.purpose'],
  },
  'sms_guard.messages.refused': {
    kind: 'counter',
    unit: '{message}',
    description: 'Messages that a guard refused.',
    attributes: ['sms_guard.guard', 'sms_guard.reason', 'sms_guard.purpose'],
  },
  'sms_guard.messages.observed': {
    kind: 'counter',
    unit: '{message}',
    description: 'Messages that a guard in monitor mode would have refused.',
    attributes: ['sms_guard.guard', 'sms_guard.reason', 'sms_guard.purpose'],
  },
  'sms_guard.parts': {
    kind: 'counter',
    unit: '{part}',
    description: 'Parts that 8x8 bills.',
    attributes: ['sms_guard.country', 'sms_guard.purpose'],
  },
  'sms_guard.money.spent': {
    kind: 'counter',
    unit: '{currency}',
    description: 'Price of accepted messages, where it is known.',
    attributes: ['sms_guard.country', 'sms_guard.purpose', 'sms_guard.currency'],
  },
  'sms_guard.money.saved': {
    kind: 'counter',
    unit: '{currency}',
    description: 'Price of refused messages, where it is known.',
    attributes: ['sms_guard.country', 'sms_guard.currency'],
  },
  'sms_guard.codes.entered': {
    kind: 'counter',
    unit: '{code}',
    description: 'One-time passwords that people entered. Divided by those sent it is the conversion.',
    attributes: ['sms_guard.country'],
  },
  'sms_guard.codes.checked': {
    kind: 'counter',
    unit: '{check}',
    description: 'Checks of one-time passwords by their result.',
    attributes: ['sms_guard.status'],
  },
  'sms_guard.suspensions': {
    kind: 'counter',
    unit: '{suspension}',
    description: 'Places where guards.pumping began to hold strangers back.',
    attributes: ['sms_guard.place', 'sms_guard.after_test', 'sms_guard.country'],
  },
  'sms_guard.budget.levels': {
    kind: 'counter',
    unit: '{level}',
    description: 'Levels of guards.budget that were reached.',
    attributes: ['sms_guard.budget.of', 'sms_guard.budget.period', 'sms_guard.budget.percent'],
  },
  'sms_guard.pace.queued': {
    kind: 'up-down-counter',
    unit: '{request}',
    description: 'Requests that wait for the pace now.',
    attributes: [],
  },
  'sms_guard.pace.wait': {
    kind: 'histogram',
    unit: 's',
    description: 'Time that requests waited for the pace, of those that had to.',
    attributes: ['error.type'],
    buckets: SHORT_SECONDS,
  },
  'sms_guard.pace.pauses': {
    kind: 'counter',
    unit: '{pause}',
    description: 'Pauses that 8x8 asked for with a 429.',
    attributes: ['sms_guard.affects'],
  },
  'sms_guard.store.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Duration of calls to the limit store and the consent ledger.',
    attributes: ['sms_guard.store', 'sms_guard.store.method', 'error.type'],
    buckets: SHORT_SECONDS,
  },
  'sms_guard.store.failures': {
    kind: 'counter',
    unit: '{failure}',
    description: 'Calls to a store that failed.',
    attributes: ['sms_guard.store'],
  },
  'sms_guard.store.state': {
    kind: 'gauge',
    unit: '{state}',
    description: '1 for the source that decides now: shared, local or refuse. Needs onLimitsEvent.',
    attributes: ['sms_guard.store', 'sms_guard.state'],
  },
  'sms_guard.webhooks.refused': {
    kind: 'counter',
    unit: '{webhook}',
    description: 'Webhooks that got a 4xx or 5xx.',
    attributes: ['sms_guard.reason'],
  },
  'sms_guard.events': {
    kind: 'counter',
    unit: '{event}',
    description: 'All other events of onEvent by type, such as fraud-reported or opt-out-unrecorded.',
    attributes: ['sms_guard.event'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;
