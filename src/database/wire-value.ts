/** Parameters as Postgres reads them in text format. Deliberately few kinds: what the statements here need. */

export type WireValue = string | number | boolean | Date | null | readonly string[];

/** The text form of one parameter; null stays null. Strings must not contain NUL, which Postgres cannot hold. */
export function wireText(value: WireValue): string | null {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return value.toISOString();
  return `{${value.map(quoteElement).join(',')}}`;
}

function quoteElement(element: string): string {
  return `"${element.replace(/["\\]/g, '\\$&')}"`;
}
