/**
 * The `code` and other fields that Node, undici and the AWS SDK put on their errors. Read by shape, never by class: an
 * error may come from another realm (a worker, a test environment), where `instanceof Error` is false.
 */

/** `ENOENT`, `UND_ERR_SOCKET` …; null when there is none. */
export function systemCode(error: unknown): string | null {
  return textField(error, 'code');
}

/** The `name`, which is where the AWS SDK keeps S3's error code. */
export function errorName(error: unknown): string | null {
  return textField(error, 'name');
}

function textField(error: unknown, field: 'code' | 'name'): string | null {
  if (typeof error !== 'object' || error === null) return null;
  const value: unknown = Reflect.get(error, field);
  return typeof value === 'string' ? value : null;
}
