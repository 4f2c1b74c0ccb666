/** Fields of requests as lenient APIs take them: numbers that may come as text, and bodies of any shape. */

const INTEGER = /^\d{1,15}$/;

/** Of a number or its text; null for everything else. */
export function numberOf(value: unknown): number | null {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  return INTEGER.test(text) ? Number(text) : null;
}

/** `true` and `1`, in any case. */
export function isYes(value: unknown): boolean {
  return typeof value === 'string' && /^(?:true|1)$/i.test(value);
}

/** The fields of a JSON body; none where there is no body. */
export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}
