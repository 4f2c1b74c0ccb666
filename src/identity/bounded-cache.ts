/**
 * Remembers what verified tokens say, until they expire, within a fixed amount of memory. It verifies nothing: callers
 * put in only what they have verified.
 *
 * The key is the whole token. V8 looks a string up by a hash seeded per process and compares texts only when that hash
 * agrees, so timing does not tell how much of a guessed token is right; hashing it once more would only cost time.
 */
export interface BoundedCache<Value> {
  /** The value, unless it was never kept, has been displaced, or has expired by `nowMs`. */
  get(token: string, nowMs: number): Value | undefined;
  /** Keeps the value, displacing others as needed: those unused for longest, half of the cache at a time. */
  set(token: string, value: Value, expiresAtMs: number): void;
  /** How many entries are held: expired ones included, and those of both generations twice. */
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

/**
 * An empty cache of two generations, each half of the bounds. What is used moves to the young one; when that is full it
 * becomes the old one and the old one goes. A list in exact order of use, kept in a Map, walks over the holes of what it
 * displaced: ten times the cost. Tokens must be ASCII, as every well-formed JWT is.
 */
export function makeBoundedCache<Value>({ maxEntries, maxKeyCharacters }: CacheBounds): BoundedCache<Value> {
  let young = new Map<string, Entry<Value>>();
  let old = new Map<string, Entry<Value>>();
  let youngCharacters = 0;

  function keep(token: string, entry: Entry<Value>): void {
    if (young.size >= maxEntries / 2 || youngCharacters + token.length > maxKeyCharacters / 2) {
      old = young;
      young = new Map();
      youngCharacters = 0;
    }
    // a fresh copy: a token cut out of a header or URL would keep that whole text alive
    young.set(Buffer.from(token, 'latin1').toString('latin1'), entry);
    youngCharacters += token.length;
  }

  return {
    get(token, nowMs) {
      const used = young.get(token);
      const entry = used ?? old.get(token);
      if (entry === undefined || nowMs >= entry.expiresAtMs) return undefined;
      if (used === undefined) keep(token, entry);
      return entry.value;
    },
    set(token, value, expiresAtMs) {
      if (young.has(token)) young.set(token, { value, expiresAtMs });
      else if (token.length <= maxKeyCharacters / 2) keep(token, { value, expiresAtMs });
    },
    get size() {
      return young.size + old.size;
    },
  };
}
