/**
 * The options of a file upload, as its headers carry them, and what of them is kept. Making the name, hashing the password
 * and finding the folder are for whoever uploads.
 */
import { SluiceError } from '../../domain/errors.ts';
import type { FileRecord, NameFormat } from '../../domain/files.ts';
import { displayNameOf } from '../../domain/public-names.ts';
import { isPiece, WHOLE_FILES_ONLY } from '../../http/write-conditions.ts';

export interface UploadOptions {
  readonly format: NameFormat;
  /** The stem of the public name, where the uploader chose it. */
  readonly fileName: string | null;
  readonly expiresAt: Date | null;
  readonly maxViews: number | null;
  /** In clear. */
  readonly password: string | null;
  readonly embed: boolean;
  /** Keep and serve the name that the file had at the uploader's. */
  readonly keepOriginalName: boolean;
  readonly folderId: number | null;
  /** Answer with the bare URLs as text. */
  readonly plainReply: boolean;
}

export type UploadHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const FORMATS: ReadonlySet<string> = new Set(['RANDOM', 'UUID', 'DATE', 'NAME'] satisfies NameFormat[]);
const INTEGER = /^-?\d{1,15}$/;
const PASSWORD_MAX_BYTES = 1024;

/**
 * Reads the headers (`Format`, `Expires-At`, `Max-Views`, `Password`, `Embed`, `Original-Name`, `X-Zipline-Filename`,
 * `X-Zipline-Folder`, `No-JSON`); an absent or empty one has its default. `Content-Range` is refused. Throws `invalid-parameter` with the facts `part`
 * (`headers`) and `header`.
 */
export function parseUploadOptions(headers: UploadHeaders, now: Date): UploadOptions {
  const read = (name: string) => textOf(headers[name]);
  if (isPiece(headers)) throw refusal('content-range', WHOLE_FILES_ONLY);
  return {
    format: parseFormat(read('format')),
    fileName: parseFileName(read('x-zipline-filename')),
    expiresAt: parseExpiry(read('expires-at'), now),
    maxViews: parseMaxViews(read('max-views')),
    password: parsePassword(read('password')),
    embed: isOn(read('embed')),
    keepOriginalName: isOn(read('original-name')),
    folderId: parseFolderId(read('x-zipline-folder')),
    plainReply: isOn(read('no-json')),
  };
}

/** What is kept of the options with a file that is called so at its uploader's. */
export function recordOfUpload(
  { keepOriginalName, expiresAt, maxViews, embed, format, folderId }: UploadOptions,
  originalName: string | null,
  passwordHash: string | null,
): FileRecord {
  const displayName = displayNameOf(originalName);
  return {
    displayName,
    originalName: keepOriginalName ? displayName : null,
    passwordHash,
    ...{ expiresAt, maxViews, embed, format, folderId },
  };
}

/** Null for a header that is absent or blank. Of a header sent twice the first counts. */
function textOf(value: string | readonly string[] | undefined): string | null {
  const text = (typeof value === 'string' ? value : (value?.[0] ?? '')).trim();
  return text === '' ? null : text;
}

function isOn(text: string | null): boolean {
  return text !== null && !/^(?:false|0|no|off)$/i.test(text);
}

function parseFormat(text: string | null): NameFormat {
  const format = (text ?? 'RANDOM').toUpperCase();
  if (!FORMATS.has(format)) throw refusal('format', 'invalid format');
  return format as NameFormat;
}

/** The last segment, without what would read as a folder; header values may be percent-encoded UTF-8. */
function parseFileName(text: string | null): string | null {
  if (text === null) return null;
  const name = decoded(text).split(/[/\\]/).at(-1)?.trim() ?? '';
  if (/^\.{0,2}$/.test(name) || Buffer.byteLength(name) > 200 || /\p{Cc}/u.test(name)) {
    throw refusal('x-zipline-filename', 'invalid filename');
  }
  return name;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Zero means unlimited, as it does where this option comes from. */
function parseMaxViews(text: string | null): number | null {
  if (text === null) return null;
  if (!INTEGER.test(text)) throw refusal('max-views', 'invalid max views (not a number)');
  const views = Number(text);
  if (views < 0) throw refusal('max-views', 'invalid max views (negative)');
  return views === 0 ? null : views;
}

function parsePassword(text: string | null): string | null {
  if (text !== null && Buffer.byteLength(text) > PASSWORD_MAX_BYTES) throw refusal('password', 'password is too long');
  return text;
}

function parseFolderId(text: string | null): number | null {
  if (text === null) return null;
  if (!INTEGER.test(text)) throw refusal('x-zipline-folder', 'folder id must be a number');
  return Number(text);
}

const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;
const SPAN_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND_MS,
  m: 60 * SECOND_MS,
  h: 3600 * SECOND_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
  y: 365.25 * DAY_MS,
};
/** `1d`, `30 m`, `1.5 hours`; of a long word the first letter says the unit. */
const SPAN =
  /^(\d{1,9}(?:\.\d{1,6})?)\s*(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|y|yrs?|years?)$/i;
const ISO_DATE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;
/** Beyond it neither ISO 8601 nor Postgres writes a year with four digits. */
const LAST_INSTANT_MS = Date.UTC(9999, 11, 31);

/** `date=` and an ISO 8601 date, or a span from now. */
function parseExpiry(text: string | null, now: Date): Date | null {
  if (text === null) return null;
  const instantMs = text.startsWith('date=') ? dateMs(text.slice('date='.length)) : now.getTime() + spanMs(text);
  if (instantMs <= now.getTime()) throw refusal('expires-at', 'expiry must be in the future');
  if (instantMs > LAST_INSTANT_MS) throw refusal('expires-at', 'invalid date');
  return new Date(instantMs);
}

/** A time without a zone is UTC, wherever the gateway runs. */
function dateMs(text: string): number {
  const hasZone = /Z$|[+-]\d\d:?\d\d$/.test(text.slice('YYYY-MM-DD'.length)) || text.length === 'YYYY-MM-DD'.length;
  const instantMs = ISO_DATE.test(text) ? Date.parse(hasZone ? text : `${text}Z`) : Number.NaN;
  if (Number.isNaN(instantMs)) throw refusal('expires-at', 'invalid date');
  return instantMs;
}

function spanMs(text: string): number {
  const [, amount, unit] = SPAN.exec(text) ?? [];
  if (amount === undefined || unit === undefined) throw refusal('expires-at', 'failed to parse human time');
  const letters = /^(?:ms|milli)/i.test(unit) ? 'ms' : unit.slice(0, 1).toLowerCase();
  return Number(amount) * (SPAN_UNITS_MS[letters] ?? 0);
}

function refusal(header: string, message: string): SluiceError {
  return new SluiceError('invalid-parameter', message, { facts: { part: 'headers', header } });
}
