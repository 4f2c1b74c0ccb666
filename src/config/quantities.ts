/** Reads durations and sizes with units, as operators write them into the environment. */

const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const SIZE_UNITS_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};

/** Milliseconds of `500ms`, `1.5h`, `7d`; the unit is required, in any case. Null when malformed. */
export function parseDuration(text: string): number | null {
  return parseQuantity(text, DURATION_UNITS_MS, null);
}

/** Bytes of `50GiB`, `10 MB` or plain `1048576`; kB is 1000 and KiB is 1024, in any case. Null when malformed. */
export function parseSize(text: string): number | null {
  return parseQuantity(text, SIZE_UNITS_BYTES, 'b');
}

/** The largest unit that divides the duration evenly: `15m`, `36h`, `1500ms`. */
export function renderDuration(durationMs: number): string {
  const [unit, unitMs] = largestUnit(durationMs, DURATION_UNITS_MS) ?? ['ms', 1];
  return `${durationMs / unitMs}${unit}`;
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>, unitless: string | null): number | null {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)$/i.exec(text.trim());
  if (match === null) return null;
  const unit = match[2] === '' ? unitless : (match[2] ?? '').toLowerCase();
  const factor = unit === null ? undefined : units[unit];
  if (factor === undefined) return null;
  const value = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(value) ? value : null;
}

function largestUnit(value: number, units: Readonly<Record<string, number>>): [string, number] | undefined {
  return Object.entries(units).findLast(([, factor]) => value >= factor && value % factor === 0);
}
