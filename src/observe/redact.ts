/**
 * Keeps secrets out of the logs: whatever is logged passes through here. A field whose name speaks of a secret loses its
 * value; in every other text tokens, credentials and signed query strings are cut out, also inside URLs and error
 * messages. Bounded time and size whatever comes.
 */

const REDACTED = '[redacted]';
const MAX_TEXT_LENGTH = 8192;
const MAX_DEPTH = 6;
const MAX_ENTRIES = 100;

const HARMLESS_TYPES: ReadonlySet<string> = new Set(['string', 'number', 'boolean', 'undefined']);

const SECRET_WORDS =
  'token|secret|passw|passphrase|authorization|cookie|api-?_?key|access-?_?key|signature|credential|otp|jwks?';
const SECRET_NAME = new RegExp(SECRET_WORDS, 'i');

/** Most texts hold nothing like it; one pass says so. */
const SUSPICIOUS = new RegExp(`eyJ|bearer|basic|@|${SECRET_WORDS}`, 'i');
/** A JWT, or what is left of one. */
const JWT = /eyJ[\w.-]{8,}/g;
const CREDENTIALS = /\b(bearer|basic)\s+[^\s,;"']+/gi;
/** `name=value`, `name: value` and `"name":"value"`. Every repetition is bounded, so that no text takes long. */
const ASSIGNMENT = new RegExp(
  `(?<![\\w.-])([\\w.-]{0,40}(?:${SECRET_WORDS})[\\w.-]{0,40})(["']?\\s?[=:]\\s?["']?)[^\\s&"',;#]+`,
  'gi',
);
const URL_PASSWORD = /\/\/[^\s/?#@]{1,256}@/g;

/** The text without anything that could be used to log in, and not longer than 8 KiB. */
export function redactText(text: string): string {
  const short = text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text;
  if (!SUSPICIOUS.test(short)) return short;
  return short
    .replace(JWT, REDACTED)
    .replace(CREDENTIALS, `$1 ${REDACTED}`)
    .replace(ASSIGNMENT, `$1$2${REDACTED}`)
    .replace(URL_PASSWORD, `//${REDACTED}@`);
}

/** A copy fit for JSON: secrets cut out, errors spelled out with their causes, bytes counted, depth and length bounded. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return '[…]';
  if (value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map(item => redact(item, depth + 1));
  return redactFields(value instanceof Map ? [...value] : Object.entries(value), depth);
}

/** The fields of a log line; the same as `redact`, for a plain object. */
export function redactFields(entries: readonly (readonly [string, unknown])[], depth = 0): Record<string, unknown> {
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, value] of entries.slice(0, MAX_ENTRIES)) {
    const isSecret =
      SECRET_NAME.test(name) && (typeof value === 'string' || typeof value === 'object') && value !== null;
    copy[name] = isSecret ? REDACTED : redact(value, depth + 1);
  }
  return copy;
}

/**
 * The JSON of fields in which nothing is to be cut out, which one look at the whole line tells for most; null for those
 * that `redactFields` has to go through. JSON escapes no letter and no `@`, so it hides nothing that a look at each field
 * would find; and where the whole is short, so is every part.
 */
export function harmlessJson(entries: readonly (readonly [string, unknown])[]): string | null {
  if (entries.length > MAX_ENTRIES) return null;
  if (!entries.every(([, value]) => value === null || HARMLESS_TYPES.has(typeof value))) return null;
  const json = JSON.stringify(Object.fromEntries(entries));
  return json.length > MAX_TEXT_LENGTH || SUSPICIOUS.test(json) ? null : json;
}

/** Name, message and stack, what the error says of itself (`code`, `facts` …), and the chain of its causes. */
function redactError(error: Error, depth: number): Record<string, unknown> {
  const own = Object.entries(error).filter(([name]) => name !== 'stack' && name !== 'cause');
  return {
    name: error.name,
    message: redactText(error.message),
    ...redactFields(own, depth),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
