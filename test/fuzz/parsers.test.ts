/**
 * Every parser of outside text against random and hostile text: it returns or refuses with the one error type, never
 * anything else, keeps what it has read through a round trip, and needs time in proportion to what it is given. A
 * failing seed is printed by fast-check.
 */
import fc from 'fast-check';
import { parseDuration, parseSize, renderDuration } from '../../src/config/quantities.ts';
import { decodeRawSegment, makeRouteMatcher } from '../../src/contract/route-matcher.ts';
import { wireText } from '../../src/database/wire-value.ts';
import { parseFileSizeLimit, parseMimePatterns } from '../../src/domain/buckets.ts';
import { parseRange } from '../../src/domain/byte-range.ts';
import { type ErrorCode, SluiceError } from '../../src/domain/errors.ts';
import { parseHttpDate } from '../../src/domain/http-date.ts';
import { legalHeader } from '../../src/domain/legal-header.ts';
import { decodeCursor, encodeCursor, rangeOfPrefix, rangesOfSearch } from '../../src/domain/listing.ts';
import { isObjectName, parseBucketName, parseObjectName } from '../../src/domain/names.ts';
import { factsOf } from '../../src/domain/objects.ts';
import { evaluatePreconditions } from '../../src/domain/preconditions.ts';
import { parseDecimalSize } from '../../src/domain/sizes.ts';
import { attachmentHeader } from '../../src/http/content-disposition.ts';
import { objectSecurityHeaders } from '../../src/http/security-headers.ts';
import { openToken } from '../../src/identity/open-token.ts';
import { readBearer } from '../../src/identity/read-credentials.ts';
import { parseSigningKeys } from '../../src/identity/signing-keys.ts';
import { parseRobotsTag } from '../../src/surfaces/supabase/robots-tag.ts';
import { parseUserMetadata } from '../../src/surfaces/supabase/user-metadata.ts';
import { JWT_SECRET, tokenFor } from '../support/gateway.ts';
import { cloneTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { forge, hmac } from '../support/tokens.ts';

const RUNS = 2_000;

/** Pieces that mean something to one parser or another, glued at random. */
const pieces = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          'bytes=',
          '0-',
          '-',
          ',',
          '"',
          'W/',
          '*',
          '%',
          '%2',
          '%ff',
          '%00',
          '../',
          '/',
          '\\',
          '\u0000',
          '\r\n',
          '\ud800',
        ],
        ...[' ', '\t', '.', ';', 'charset=', 'text/html', 'GMT', 'Sun, 06 Nov 1994 08:49:37', '1e400', '9'.repeat(40)],
        ...[
          '{',
          '}',
          '[',
          '"__proto__":',
          'constructor',
          'Bearer ',
          'eyJ',
          'noindex',
          'max-snippet: ',
          ': ',
          'kb',
          'GiB',
        ],
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    { maxLength: 12 },
  )
  .map(parts => parts.join(''));
const hostile = fc.oneof(pieces, fc.string({ unit: 'binary' }), fc.string());
const aName = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }).filter(isObjectName);

const keys = parseSigningKeys({ secret: JWT_SECRET, jwks: null });
const open = (token: string) => openToken(token, { keys, nowMs: Date.now(), code: 'invalid-token' });
const matcher = makeRouteMatcher(
  ['/object/{b}/{w}', '/object/sign/{b}/{w}', '/object/{b}'].map(path => ({
    method: 'GET',
    path,
    slashOptional: false,
    wildcard: 'w',
    target: path,
  })),
);
const conditionsOf = (text: string) => ({
  ifMatch: text,
  ifNoneMatch: text,
  ifModifiedSince: text,
  ifUnmodifiedSince: text,
  ifRange: text,
});
const current = { etag: '"abc"', lastModified: new Date(0) };

/** What each one may refuse with; a parser without codes gives null, or a default, instead of refusing. */
const PARSERS: readonly (readonly [string, (text: string) => unknown, readonly ErrorCode[]])[] = [
  ['a byte range', text => parseRange(text, 1000), []],
  ['preconditions of a read', text => evaluatePreconditions({ method: 'GET', ...conditionsOf(text) }, current), []],
  ['a precondition of a write', text => evaluatePreconditions({ method: 'PUT', ifNoneMatch: text }, current), []],
  ['an HTTP date', parseHttpDate, []],
  ['a bucket name', parseBucketName, ['invalid-bucket-name']],
  ['an object name', parseObjectName, ['invalid-object-name']],
  ['a decimal size', parseDecimalSize, []],
  ['a file size limit', text => parseFileSizeLimit(text, 1e12), ['invalid-parameter', 'limit-too-large']],
  ['a list of MIME patterns', text => parseMimePatterns([text, text]), ['invalid-mime-type']],
  ['a cursor', decodeCursor, ['invalid-parameter']],
  ['a cursor of JSON', text => decodeCursor(Buffer.from(text).toString('base64url')), ['invalid-parameter']],
  ['a prefix', rangeOfPrefix, []],
  ['a search', text => rangesOfSearch(text, text), []],
  ['a robots tag', parseRobotsTag, ['invalid-parameter']],
  ['user metadata', parseUserMetadata, ['too-large']],
  ['a value for a header', (text: string) => legalHeader('contentType', text), ['invalid-parameter']],
  ['a name for a download', attachmentHeader, []],
  ['a stored type', objectSecurityHeaders, []],
  ['stored metadata', text => factsOf({ size: text, mimetype: text, lastModified: text }, '2026-01-01T00:00:00Z'), []],
  ['a raw path', text => matcher('GET', text), []],
  ['a raw segment', decodeRawSegment, ['invalid-parameter']],
  ['a duration', parseDuration, []],
  ['a size', parseSize, []],
  ['credentials', text => readBearer({ authorization: text }), []],
  ['a token', open, ['invalid-token']],
  ['a token’s parts', text => open(`${Buffer.from(text).toString('base64url')}.e30.e30`), ['invalid-token']],
  ['signed claims', text => open(forge(text, undefined, hmac(256, JWT_SECRET))), ['invalid-token']],
];

/** Beginnings, repeated middles and ends that make patterns with nested or adjacent repetition go back and forth. */
const REPEATED = [
  'a',
  '0',
  ' ',
  '\t',
  '"',
  '",',
  ', ',
  'W/"a",',
  '%41',
  '/',
  '//',
  '\\',
  '\\\\',
  '[',
  '{"a":',
  'noindex,',
  'a/',
];
const ENDS = ['', '!', '\u0000', '"', '%', '\\u0000'];

describe.each(PARSERS)('%s', (_what, parse, codes) => {
  it('is refused only as documented, whatever it is', () => {
    fc.assert(
      fc.property(hostile, text => {
        expect(codes).toEqual(expect.arrayContaining(refusalsOf(() => parse(text))));
      }),
      { numRuns: RUNS },
    );
  });

  it('takes time in proportion to its length', () => {
    for (const repeated of REPEATED) {
      for (const end of ENDS) {
        const text = repeated.repeat(60_000 / repeated.length) + end;
        const began = process.cpuUsage();
        refusalsOf(() => parse(text));
        const { user } = process.cpuUsage(began);
        // Quadratic work on 60,000 characters takes seconds; linear work, less than ten milliseconds.
        expect({ repeated, end, slow: user > 700_000 }).toEqual({ repeated, end, slow: false });
      }
    }
  });
});

function refusalsOf(act: () => unknown): ErrorCode[] {
  try {
    act();
    return [];
  } catch (error) {
    if (error instanceof SluiceError) return [error.code];
    throw error;
  }
}

describe('what was read', () => {
  it('of a range lies within the object', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (first, last, sizeBytes) => {
        const range = parseRange(`bytes=${first}-${last}`, sizeBytes);
        if (range.kind !== 'part') return;
        expect(range).toMatchObject({ start: first, end: Math.min(last, sizeBytes - 1) });
        expect(range.start).toBeLessThanOrEqual(range.end);
      }),
    );
  });

  it('of a date is the date that was written', () => {
    const dates = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(dates, date => {
        expect(parseHttpDate(date.toUTCString())).toBe(Math.floor(date.getTime() / 1000) * 1000);
      }),
    );
  });

  it('of a duration is the duration that was rendered', () => {
    fc.assert(fc.property(fc.nat(), ms => expect(parseDuration(renderDuration(ms))).toBe(ms)));
  });

  it('of a cursor is the cursor that was encoded', () => {
    fc.assert(
      fc.property(aName, fc.boolean(), fc.constantFrom<'asc' | 'desc'>('asc', 'desc'), (name, isFolder, order) => {
        const cursor = { name, isFolder, column: 'name' as const, order, time: null };
        expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
      }),
    );
  });

  it('of a path is the name that was encoded, in any case of its digits, and is decoded once', () => {
    fc.assert(
      fc.property(aName, name => {
        const raw = encodeURIComponent(name);
        expect(decodeRawSegment(raw.replace(/%../g, code => code.toLowerCase()))).toBe(name);
        expect(decodeRawSegment(encodeURIComponent(raw))).toBe(raw);
        expect(matcher('GET', `/object/b/${raw}`)?.values).toEqual(['b', raw]);
      }),
    );
  });

  it('of user metadata pollutes no prototype', () => {
    parseUserMetadata('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    open(forge('{"__proto__":{"polluted":1},"exp":99999999999}', undefined, hmac(256, JWT_SECRET)));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('as a name for a download is one legal header', () => {
    fc.assert(
      fc.property(hostile, text => {
        expect(attachmentHeader(text)).toMatch(/^attachment(?:; [\x20-\x7e\xa0-\xff]*)?$/);
      }),
      { numRuns: RUNS },
    );
  });

  it('of a token that was changed anywhere is refused', () => {
    const token = tokenFor('authenticated', 'x');
    fc.assert(
      fc.property(fc.nat({ max: token.length - 1 }), fc.constantFrom(...'Aa0_-.=+'), (at, letter) => {
        fc.pre(token[at] !== letter);
        const changed = token.slice(0, at) + letter + token.slice(at + 1);
        expect(refusalsOf(() => open(changed))).toEqual(['invalid-token']);
      }),
    );
  });
});

describe('a list of texts', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await cloneTestDatabase();
  });
  afterAll(() => db.drop());

  it('reaches Postgres as it is', async () => {
    const texts = fc.array(
      fc.oneof(hostile, fc.constantFrom('', 'NULL', 'null', '{}', '"', '\\', ',', "'; drop table x --")),
    );
    const storable = texts.map(list => list.map(text => text.replaceAll('\u0000', '').toWellFormed()));
    await fc.assert(
      fc.asyncProperty(storable, async list => {
        const rows = await db.sql<{ list: string[] }>('select $1::text::text[] as list', [wireText(list)]);
        expect(rows).toEqual([{ list }]);
      }),
      { numRuns: 300 },
    );
  });
});
