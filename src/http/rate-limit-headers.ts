/**
 * What a reply says of the limit that its request was counted in, and the end of that count: it is given back where the
 * request turns out not to count. Counting itself is the database's.
 */
import type { ServerResponse } from 'node:http';
import type { SluiceError } from '../domain/errors.ts';

export interface Counted {
  readonly limit: number;
  readonly remaining: number;
  readonly resetSeconds: number;
  giveBack(): Promise<void>;
}

const COUNTED = Symbol('what this request was counted in; null: in nothing');

type CountedReply = ServerResponse & { [COUNTED]?: Counted | null };

/** Says in the reply what the limit has left; null: nothing was counted. */
export function sayLimit(res: CountedReply, counted: Counted | null): void {
  res[COUNTED] = counted;
  const figures = {
    'ratelimit-limit': counted?.limit,
    'ratelimit-remaining': counted?.remaining,
    'ratelimit-reset': counted?.resetSeconds,
    'ratelimit-skipped': counted === null ? 'true' : undefined,
  };
  for (const [name, figure] of Object.entries(figures)) {
    if (figure === undefined) res.removeHeader(name);
    else res.setHeader(name, figure);
  }
}

export interface Refusal {
  readonly error: SluiceError;
  readonly status: number;
  /** Whether a request that ends so is not counted. */
  readonly isFree: boolean;
}

/**
 * Before an error is sent: gives back what does not count, and says what the limit is that refuses, or that a request was
 * refused before it was counted. Where the database is away the count stays.
 */
export async function settleLimit(res: CountedReply, { error, status, isFree }: Refusal): Promise<void> {
  const counted = res[COUNTED];
  if (isFree) await counted?.giveBack().catch(() => {});
  if (status === 429) sayReached(res, error);
  else if (isFree || counted === undefined) sayLimit(res, null);
}

function sayReached(res: ServerResponse, { facts }: SluiceError): void {
  res.removeHeader('ratelimit-skipped');
  res.setHeader('ratelimit-limit', `${facts.limit}`);
  res.setHeader('ratelimit-remaining', '0');
  res.setHeader('ratelimit-reset', `${facts.resetSeconds}`);
  res.setHeader('ratelimit-reason', 'standard');
}
