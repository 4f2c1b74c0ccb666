/** The setting `RATE_LIMITS`: a few limits given by name, on top of those that hold without it. */
import { parseDuration, renderDuration } from './quantities.ts';
import type { Kind } from './setting.ts';

interface Limit {
  readonly count: number;
  readonly windowMs: number;
}

const HOUR_MS = 3_600_000;

const DEFAULTS = {
  default: { count: 100, windowMs: 60_000 },
  'file-name': { count: 20, windowMs: HOUR_MS },
  'file-name-removal': { count: 20, windowMs: HOUR_MS },
  'file-extension': { count: 20, windowMs: HOUR_MS },
  'bulk-delete': { count: 20, windowMs: 6 * HOUR_MS },
  'delete-all': { count: 1, windowMs: 168 * HOUR_MS },
  login: { count: 10, windowMs: 60_000 },
  'file-password': { count: 10, windowMs: 60_000 },
} satisfies Readonly<Record<string, Limit>>;

export type RateLimits = Readonly<Record<keyof typeof DEFAULTS, Limit>>;

const ENTRY = /^([a-z-]+)=([1-9]\d{0,8})\/(\S+)$/;
const LONGEST_WINDOW_MS = 365 * 24 * HOUR_MS;

/** Entries such as `login=20/1m`, separated by commas; a limit that is not named keeps its default. */
export const RATE_LIMITS: Kind<RateLimits> = {
  accepts: `entries such as login=20/1m, separated by commas, for ${Object.keys(DEFAULTS).join(', ')}`,
  parse(text) {
    const limits: Record<string, Limit> = { ...DEFAULTS };
    for (const entry of text.split(',')) {
      const [, name = '', count = '', window = ''] = ENTRY.exec(entry.trim()) ?? [];
      const windowMs = parseDuration(window);
      if (!Object.hasOwn(DEFAULTS, name) || windowMs === null || windowMs < 1 || windowMs > LONGEST_WINDOW_MS)
        return null;
      limits[name] = Object.freeze({ count: Number(count), windowMs });
    }
    return Object.freeze(limits as RateLimits);
  },
};

/** The defaults as an operator would write them. */
export const DEFAULT_RATE_LIMITS = Object.entries(DEFAULTS)
  .map(([name, { count, windowMs }]) => `${name}=${count}/${renderDuration(windowMs)}`)
  .join();
