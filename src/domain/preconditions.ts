/**
 * Conditional requests: the verdict on If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since and If-Range, in
 * the order of RFC 9110 §13.2.2. Pure and linear in the length of the headers; says nothing about status codes.
 */
import { parseHttpDate } from './http-date.ts';

/** The request's conditional headers as they came. */
export interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
  readonly ifRange?: string | undefined;
}

/** What is there now. `etag` is quoted, as HTTP writes it; null when the bytes were never hashed. */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: Date;
}

export interface Verdict {
  /** `failed` is HTTP's 412; `not-modified` is 304 and is only ever said of a GET or HEAD. */
  readonly outcome: 'proceed' | 'not-modified' | 'failed';
  /** Whether a Range header counts: on GET only, and where If-Range (if any) names exactly these bytes. */
  readonly rangeApplies: boolean;
}

/**
 * Judges a request against what is there (`null`: nothing is). Dates have the precision of a second; a date that is
 * none is ignored, and so is one beside the entity-tag condition that outranks it. An entity tag without quotes is
 * taken as if it had them, since bare MD5 sums are in circulation.
 */
export function evaluatePreconditions(
  request: Conditions & { readonly method: string },
  current: Validators | null,
): Verdict {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!writeConditionHolds(request, current)) return { outcome: 'failed', rangeApplies: false };
  if (!freshConditionHolds(request, current, isRead)) {
    return { outcome: isRead ? 'not-modified' : 'failed', rangeApplies: false };
  }
  return {
    outcome: 'proceed',
    rangeApplies: request.method === 'GET' && rangeConditionHolds(request.ifRange, current),
  };
}

/** Steps 1 and 2: is what the client means still what is there? */
function writeConditionHolds({ ifMatch, ifUnmodifiedSince }: Conditions, current: Validators | null): boolean {
  if (ifMatch !== undefined) return current !== null && listNames(ifMatch, current.etag, 'strong');
  const since = dateOf(ifUnmodifiedSince);
  return since === null || current === null || seconds(current) <= since;
}

/** Steps 3 and 4: is there something the client does not have yet? */
function freshConditionHolds(conditions: Conditions, current: Validators | null, isRead: boolean): boolean {
  const { ifNoneMatch, ifModifiedSince } = conditions;
  if (current === null) return true;
  if (ifNoneMatch !== undefined) return !listNames(ifNoneMatch, current.etag, 'weak');
  const since = isRead ? dateOf(ifModifiedSince) : null;
  return since === null || seconds(current) > since;
}

/** Step 5 (§13.1.5): one strong entity tag, or the exact date. Anything else means "send me the whole". */
function rangeConditionHolds(ifRange: string | undefined, current: Validators | null): boolean {
  if (ifRange === undefined) return true;
  if (current === null) return false;
  const value = ifRange.trim();
  const date = parseHttpDate(value);
  if (date !== null) return date === seconds(current);
  return value !== '*' && current.etag !== null && !isWeak(current.etag) && quoted(value) === current.etag;
}

function dateOf(header: string | undefined): number | null {
  return header === undefined ? null : parseHttpDate(header.trim());
}

/** Milliseconds, cut to the second that Last-Modified can say. */
function seconds({ lastModified }: Validators): number {
  return Math.floor(lastModified.getTime() / 1000) * 1000;
}

/** §8.8.3.2: the strong comparison knows no weak tags; the weak one disregards the mark. `*` names whatever is there. */
function listNames(header: string, etag: string | null, comparison: 'strong' | 'weak'): boolean {
  if (header.trim() === '*') return true;
  if (etag === null || (comparison === 'strong' && isWeak(etag))) return false;
  const wanted = opaque(etag);
  for (const tag of entityTags(header)) {
    if (comparison === 'strong' && isWeak(tag)) continue;
    if (opaque(tag) === wanted) return true;
  }
  return false;
}

/** Splits at the commas outside quotes, in one pass. A quote that is never closed ends with the header. */
function* entityTags(header: string): Generator<string> {
  let start = 0;
  let inQuotes = false;
  for (let at = 0; at <= header.length; at += 1) {
    const character = header[at];
    if (character === '"') inQuotes = !inQuotes;
    if (at < header.length && (character !== ',' || inQuotes)) continue;
    const tag = header.slice(start, at).trim();
    if (tag !== '') yield quoted(tag);
    start = at + 1;
  }
}

function isWeak(tag: string): boolean {
  return tag.startsWith('W/');
}

function opaque(tag: string): string {
  return isWeak(tag) ? tag.slice(2) : tag;
}

function quoted(tag: string): string {
  return tag.includes('"') ? tag : `"${tag}"`;
}
