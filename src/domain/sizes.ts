/** Sizes as the bucket API writes them. Configuration has its own, richer reader. */

const UNIT_BYTES: Readonly<Record<string, number>> = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9 };

/** Bytes of `1kb`, `2.5 MB`, `100GB`; decimal multiples, any case; of `1000` too, as the ecosystem takes it. Null when malformed. */
export function parseDecimalSize(text: string): number | null {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s?(b|kb|mb|gb|)$/i.exec(text.trim());
  const [, amount, unit] = match ?? [];
  if (amount === undefined || unit === undefined) return null;
  return Math.floor(Number(amount) * (UNIT_BYTES[unit.toLowerCase()] ?? 1));
}
