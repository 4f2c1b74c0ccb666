/** Keeps secrets out of logs: tokens, keys and signed query strings, wherever in a field they stand. */

const SECRET_FIELDS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'apikey',
  'password',
  'token',
  'secret',
]);

/** Compact JWTs, whatever stands around them. */
const JWT = /\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*/g;
/** Query parameters that let their bearer in. */
const SECRET_QUERY =
  /([?&](?:token|apikey|password|x-amz-signature|x-amz-credential|x-amz-security-token)=)[^&\s"#]*/gi;
/** The credentials of a connection URL. */
const URL_PASSWORD = /(\b[a-z][\w+.-]*:\/\/[^\s:/@]*:)[^\s@/]*@/gi;
const BEARER = /\b((?:bearer|basic)\s+)[\w+/=.~-]{8,}/gi;

const MAX_DEPTH = 6;

/** The text without what must not be read. */
export function redactText(text: string): string {
  return text
    .replace(JWT, '[token]')
    .replace(SECRET_QUERY, '$1[redacted]')
    .replace(URL_PASSWORD, '$1[redacted]@')
    .replace(BEARER, '$1[redacted]');
}

/** A copy of a value of fields, every text in it redacted. Errors become their name, message and chain of causes. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value;
  if (depth === MAX_DEPTH) return '[deeper]';
  if (value instanceof Error) return describeError(value, depth);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(item => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      SECRET_FIELDS.has(name.toLowerCase()) ? '[redacted]' : redact(item, depth + 1),
    ]),
  );
}

function describeError(error: Error & { code?: unknown }, depth: number): Record<string, unknown> {
  return {
    name: error.name,
    message: redactText(error.message),
    ...(error.code === undefined ? {} : { code: error.code }),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
