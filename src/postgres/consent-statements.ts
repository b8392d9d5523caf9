import type { ConsentTable } from './consent-ledger-sql.ts';

/** All statements of the ledger. Each is atomic, so it needs no transaction and runs on any pool. */
export interface ConsentStatements {
  /** $1: keys as a JSON array. Returns one row per key, in order; `entry` is null if there is none. */
  readonly latest: string;
  /** $1: entries as a JSON array of {@link FIELDS}, in order. */
  readonly append: string;
  /** $1: key. */
  readonly history: string;
  /** $1: key, $2: key to keep an opt-out under. */
  readonly forget: string;
  /** $1: ID after which to continue, $2: most rows. */
  readonly page: string;
}

/**
 * Values are passed as JSON in one text parameter, and returned as JSON text: drivers differ in how they write arrays
 * and read 64-bit integers, and teams change both (`types.setTypeParser`).
 */
const FIELDS: readonly (readonly [field: string, column: string, type: string])[] = [
  ['state', 'state', 'text'],
  ['scope', 'scope', 'text'],
  ['purposes', 'purposes', 'text[]'],
  ['source', 'source', 'text'],
  ['at', 'at_ms', 'bigint'],
  ['expiresAt', 'expires_at_ms', 'bigint'],
  ['evidence', 'evidence', 'text'],
  ['messageId', 'message_id', 'text'],
  ['text', 'message_text', 'text'],
  ['confirmation', 'confirmation', 'text'],
  ['sender', 'sender', 'text'],
  // Present in an entry whose evidence and text are encrypted.
  ['keyId', 'key_id', 'text'],
];

export function writeStatements({ entries }: ConsentTable): ConsentStatements {
  const columns = FIELDS.map(([, column]) => column).join(', ');
  const given = FIELDS.map(([field]) => `given."${field}"`).join(', ');
  const types = FIELDS.map(([field, , type]) => `"${field}" ${type}`).join(', ');
  const pairs = FIELDS.map(([field, column]) => `'${field}', found.${column}`).join(', ');
  const entry = `json_strip_nulls(json_build_object(${pairs}))::text AS entry`;
  return {
    latest: `SELECT latest.entry
FROM json_array_elements_text($1::text::json) WITH ORDINALITY AS wanted (person, position)
LEFT JOIN LATERAL (
  SELECT ${entry} FROM ${entries} AS found
  WHERE found.person = wanted.person AND found.state <> 'requested' AND found.scope <> 'sender'
  ORDER BY found.at_ms DESC, found.id DESC LIMIT 1
) AS latest ON true
ORDER BY wanted.position`,
    // Ordered by person, so that two calls about the same people wait for each other instead of deadlocking.
    append: `INSERT INTO ${entries} (person, ${columns})
SELECT given.key, ${given}
FROM json_to_recordset($1::text::json) AS given (position integer, key text, ${types})
ORDER BY given.key, given.position
ON CONFLICT (person, message_id) WHERE message_id IS NOT NULL DO NOTHING`,
    history: `SELECT ${entry} FROM ${entries} AS found WHERE found.person = $1::text ORDER BY found.at_ms, found.id`,
    forget: `WITH gone AS (
  DELETE FROM ${entries} WHERE person IN ($1::text, $2::text) RETURNING id, person, state, scope, at_ms
), latest AS (
  SELECT state, scope, at_ms FROM gone WHERE state <> 'requested' AND scope <> 'sender'
  ORDER BY at_ms DESC, (person = $1::text) DESC, id DESC LIMIT 1
)
INSERT INTO ${entries} (person, state, scope, source, at_ms)
SELECT $2::text, state, scope, 'forgotten', at_ms FROM latest WHERE state = 'opted-out'`,
    page: `SELECT found.id::text AS id, found.person AS key, ${entry} FROM ${entries} AS found
WHERE found.id > $1::text::bigint ORDER BY found.id LIMIT $2::text::integer`,
  };
}
