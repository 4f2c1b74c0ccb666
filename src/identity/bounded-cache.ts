/**
 * Remembers what verified tokens say, until they expire, within a fixed amount of memory; the entry unused for longest
 * goes first. It verifies nothing: callers put in only what they have verified.
 *
 * The key is the whole token. V8 looks a string up by a hash seeded per process and compares texts only when that hash
 * agrees, so timing does not tell how much of a guessed token is right; hashing it once more would only cost time.
 */
export interface BoundedCache<Value> {
  /** The value, unless it was never kept, has been displaced, or has expired by `nowMs`. */
  get(token: string, nowMs: number): Value | undefined;
  /** Keeps the value, displacing others as needed. A token beyond the whole bound is not kept. */
  set(token: string, value: Value, expiresAtMs: number): void;
  readonly size: number;
}

export interface CacheBounds {
  readonly maxEntries: number;
  /** Bounds the memory: what is kept for a token is in proportion to its length. */
  readonly maxKeyCharacters: number;
}

/** What each kind of token may take of a process: 10,000 tokens, together at most 16 MiB of token text. */
export const TOKEN_CACHE_BOUNDS: CacheBounds = { maxEntries: 10_000, maxKeyCharacters: 16 * 1024 * 1024 };

interface Entry<Value> {
  readonly value: Value;
  readonly expiresAtMs: number;
}

/** An empty cache. Tokens must be ASCII, as every well-formed JWT is. */
export function makeBoundedCache<Value>({ maxEntries, maxKeyCharacters }: CacheBounds): BoundedCache<Value> {
  // a Map iterates in order of insertion; moving an entry to the end at each use makes its first the least recent
  const entries = new Map<string, Entry<Value>>();
  let keyCharacters = 0;

  function remove(token: string): void {
    if (entries.delete(token)) keyCharacters -= token.length;
  }

  return {
    get(token, nowMs) {
      const entry = entries.get(token);
      if (entry === undefined) return undefined;
      if (nowMs >= entry.expiresAtMs) {
        remove(token);
        return undefined;
      }
      entries.delete(token);
      entries.set(token, entry);
      return entry.value;
    },
    set(token, value, expiresAtMs) {
      if (token.length > maxKeyCharacters) return;
      remove(token);
      // a fresh copy: a token cut out of a header or URL would keep that whole text alive
      entries.set(Buffer.from(token, 'latin1').toString('latin1'), { value, expiresAtMs });
      keyCharacters += token.length;
      for (const [oldest] of entries) {
        if (entries.size <= maxEntries && keyCharacters <= maxKeyCharacters) break;
        remove(oldest);
      }
    },
    get size() {
      return entries.size;
    },
  };
}
