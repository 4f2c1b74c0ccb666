/**
 * Passwords as salted scrypt hashes (RFC 7914), made and checked in the thread pool, so that no other request waits. Knows
 * neither accounts nor files; whoever asks decides what a password opens.
 */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { SluiceError } from '../domain/errors.ts';

export interface Passwords {
  /** The hash to keep: `scrypt$<log2 N>$<r>$<p>$<salt>$<key>`, salt and key in base64url. */
  hash(password: string): Promise<string>;
  /**
   * Whether the password has this hash, after the time of the hash's own work factor. Null and text that is no hash have no
   * password, which takes the time of a new hash to say. Both reject with `unavailable` when too many wait already.
   */
  verify(password: string, hash: string | null): Promise<boolean>;
}

/** A guess costs 32 MiB and about a tenth of a second of one core. */
const WORK = { logN: 15, r: 8, p: 1 };
/** A hash from elsewhere may not claim more than this of a process: 256 MiB, and four times. */
const MAX_WORK = { logN: 17, r: 16, p: 4 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const FORM = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([\w-]{8,88})\$([\w-]{22,88})$/;

/** At most `maxAtOnce` hashes are worked on together, each with its 32 MiB; `maxWaiting` others wait in line. */
export function makePasswords({
  maxAtOnce,
  maxWaiting = 100,
}: {
  readonly maxAtOnce: number;
  readonly maxWaiting?: number;
}): Passwords {
  const inTurn = makeGate(maxAtOnce, maxWaiting);
  const nothing = formOf(WORK, Buffer.alloc(SALT_BYTES), Buffer.alloc(KEY_BYTES));
  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES);
      return formOf(WORK, salt, await inTurn(() => derive(password, salt, { ...WORK, keyBytes: KEY_BYTES })));
    },
    async verify(password, hash) {
      const known = hash !== null && isHash(hash);
      const [, logN, r, p, salt = '', key = ''] = FORM.exec(known ? hash : nothing) ?? [];
      const work = { logN: Number(logN), r: Number(r), p: Number(p) };
      const expected = Buffer.from(key, 'base64url');
      const given = await inTurn(() =>
        derive(password, Buffer.from(salt, 'base64url'), { ...work, keyBytes: expected.length }),
      );
      return timingSafeEqual(given, expected) && known;
    },
  };
}

type Work = typeof WORK;

function formOf({ logN, r, p }: Work, salt: Buffer, key: Buffer): string {
  return ['scrypt', logN, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

function isHash(text: string): boolean {
  const [, ...numbers] = FORM.exec(text)?.slice(0, 4).map(Number) ?? [];
  const [logN = 0, r = 0, p = 0] = numbers;
  const { logN: maxLogN, r: maxR, p: maxP } = MAX_WORK;
  return logN >= 1 && logN <= maxLogN && r >= 1 && r <= maxR && p >= 1 && p <= maxP;
}

interface Derivation extends Work {
  readonly keyBytes: number;
}

function derive(password: string, salt: Buffer, { logN, r, p, keyBytes }: Derivation): Promise<Buffer> {
  const N = 2 ** logN;
  // Node refuses what needs more than maxmem; scrypt needs 128·N·r bytes and a little for each p.
  const options: ScryptOptions = { N, r, p, maxmem: 128 * r * (N + p + 2) };
  return new Promise((resolve, reject) => {
    // NFKC: the same password typed on another keyboard is the same password.
    scrypt(password.normalize('NFKC'), salt, keyBytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** Runs what it is given, `maxAtOnce` at a time, in the order given; refuses what would be too far back in the line. */
function makeGate(maxAtOnce: number, maxWaiting: number): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async work => {
    if (running < maxAtOnce) running += 1;
    else if (waiting.length < maxWaiting) await new Promise<void>(resolve => waiting.push(resolve));
    else throw new SluiceError('unavailable', 'Too many passwords are being checked');
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
