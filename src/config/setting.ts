/**
 * The kinds of settings: what a text must look like to be taken, and the words that tell an operator so. The table of
 * the settings themselves is settings.ts.
 */
import { parseDuration, parseSize, renderDuration } from './quantities.ts';

/** Returns null for a text that it does not accept. */
export interface Kind<Value> {
  /** Completes the sentence "NAME accepts …". */
  readonly accepts: string;
  parse(text: string): Value | null;
}

export interface Setting<Value = unknown> extends Kind<Value> {
  readonly meaning: string;
  /** The text that is used when the variable is not set or empty; null when absence means something of its own. */
  readonly fallback: string | null;
  /** What absence means, where `fallback` does not say it. */
  readonly absence: string | null;
  /** `whole`: never shown. `password`: shown without the password of the URL. `in-place`: shown where it is a path. */
  readonly secret: 'no' | 'whole' | 'password' | 'in-place';
}

export const BOOLEAN: Kind<boolean> = {
  accepts: 'true or false',
  parse: text => {
    const word = text.toLowerCase();
    if (['true', '1', 'yes', 'on'].includes(word)) return true;
    return ['false', '0', 'no', 'off'].includes(word) ? false : null;
  },
};

/** How many of something there are: `true` is one, `false` none. */
export function countOrBoolean(maximum: number): Kind<number> {
  return {
    accepts: `true (one), false (none) or a number up to ${maximum}`,
    parse: text => {
      const said = BOOLEAN.parse(text);
      return said === null ? wholeNumber(0, maximum).parse(text) : Number(said);
    },
  };
}

/** Any text without white space and control characters. */
export function word(accepts: string): Kind<string> {
  return matching(/^[^\s\p{Cc}]+$/u, accepts);
}

export function matching(pattern: RegExp, accepts: string): Kind<string> {
  return { accepts, parse: text => (pattern.test(text) ? text : null) };
}

export function oneOf<const Values extends readonly string[]>(values: Values): Kind<Values[number]> {
  return { accepts: values.join(', '), parse: text => values.find(value => value === text.toLowerCase()) ?? null };
}

export function wholeNumber(minimum: number, maximum: number): Kind<number> {
  return {
    accepts: `a whole number from ${minimum} to ${maximum}`,
    parse: text => (/^\d{1,9}$/.test(text) ? within(Number(text), minimum, maximum) : null),
  };
}

export function duration(minimumMs: number, maximumMs: number): Kind<number> {
  return {
    accepts: `a duration from ${renderDuration(minimumMs)} to ${renderDuration(maximumMs)} with its unit, such as 500ms, 15m, 24h or 7d`,
    parse: text => within(parseDuration(text), minimumMs, maximumMs),
  };
}

export function size(minimumBytes: number, maximum: { readonly bytes: number; readonly text: string }): Kind<number> {
  return {
    accepts: `a size up to ${maximum.text}, such as 500MB, 50GiB or a number of bytes`,
    parse: text => within(parseSize(text), minimumBytes, maximum.bytes),
  };
}

/** A comma-separated list of at least one item; each item must satisfy the pattern or predicate. */
export function listOf(accepts: string, isItem: (item: string) => boolean): Kind<readonly string[]> {
  return {
    accepts,
    parse: text => {
      const items = text.split(',').map(item => item.trim());
      return items.every(isItem) ? Object.freeze([...new Set(items)]) : null;
    },
  };
}

/** An http or https URL without credentials, query and fragment, returned without a closing slash. */
export function webUrl(accepts: string): Kind<string> {
  return {
    accepts,
    parse: text => {
      if (!/^https?:\/\/[^\s?#]+$/i.test(text) || !URL.canParse(text)) return null;
      const { username, password } = new URL(text); // which would be shown wherever the URL is
      if (username !== '' || password !== '') return null;
      return text.replace(/\/+$/, '');
    },
  };
}

function within(value: number | null, minimum: number, maximum: number): number | null {
  return value !== null && value >= minimum && value <= maximum ? value : null;
}
