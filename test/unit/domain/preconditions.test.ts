import { type Conditions, evaluatePreconditions, type Validators } from '../../../src/domain/preconditions.ts';

const ETAG = '"d41d8cd98f00b204e9800998ecf8427e"';
const OTHER = '"00000000000000000000000000000000"';
const CURRENT: Validators = { etag: ETAG, lastModified: new Date('2026-03-01T12:00:00.750Z') };
const SAME = 'Sun, 01 Mar 2026 12:00:00 GMT';
const BEFORE = 'Sun, 01 Mar 2026 11:59:59 GMT';
const AFTER = 'Sun, 01 Mar 2026 12:00:01 GMT';

function outcome(conditions: Conditions, method = 'GET', current: Validators | null = CURRENT) {
  return evaluatePreconditions({ ...conditions, method }, current).outcome;
}

function rangeApplies(conditions: Conditions, method = 'GET', current: Validators | null = CURRENT) {
  return evaluatePreconditions({ ...conditions, method }, current).rangeApplies;
}

describe('If-Match', () => {
  it.each([
    ['another tag', OTHER],
    ['the same tag marked weak', `W/${ETAG}`],
    ['a list without the tag', `${OTHER}, "x", "y,z"`],
    ['the tag inside the quotes of another', `"a, ${ETAG.slice(1, -1)}, b"`],
    ['a tag that is never closed', '"d41d8cd98f00b204e9800998ecf8427e'],
    ['nothing', ''],
    ['commas only', ',,,'],
  ])('fails on %s', (_what, ifMatch) => {
    expect(outcome({ ifMatch })).toBe('failed');
  });

  it.each([
    ['the tag', ETAG],
    ['the tag without quotes', ETAG.slice(1, -1)],
    ['a list with the tag', `"a,b" , ${OTHER},${ETAG}`],
    ['a list with empty elements', `, ,${ETAG},`],
    ['a star', ' * '],
  ])('holds for %s', (_what, ifMatch) => {
    expect(outcome({ ifMatch })).toBe('proceed');
  });

  it('fails on everything, a star too, where nothing is there', () => {
    expect(outcome({ ifMatch: '*' }, 'PUT', null)).toBe('failed');
  });

  it('fails on a tag where the bytes were never hashed, and holds for a star', () => {
    const unhashed = { ...CURRENT, etag: null };
    expect(outcome({ ifMatch: ETAG }, 'GET', unhashed)).toBe('failed');
    expect(outcome({ ifMatch: '*' }, 'GET', unhashed)).toBe('proceed');
  });

  it('fails on the very same tag when what is there is weak', () => {
    expect(outcome({ ifMatch: 'W/"1"' }, 'GET', { ...CURRENT, etag: 'W/"1"' })).toBe('failed');
  });

  it('outranks If-Unmodified-Since', () => {
    expect(outcome({ ifMatch: ETAG, ifUnmodifiedSince: BEFORE })).toBe('proceed');
  });

  it('is judged before If-None-Match', () => {
    expect(outcome({ ifMatch: OTHER, ifNoneMatch: ETAG })).toBe('failed');
  });
});

describe('If-Unmodified-Since', () => {
  it.each([
    ['fails on an earlier date', BEFORE, 'failed'],
    ['holds for the same second', SAME, 'proceed'],
    ['holds for a later date', AFTER, 'proceed'],
    ['is ignored when it is no date', 'yesterday', 'proceed'],
  ])('%s', (_what, ifUnmodifiedSince, expected) => {
    expect(outcome({ ifUnmodifiedSince })).toBe(expected);
    expect(outcome({ ifUnmodifiedSince }, 'DELETE')).toBe(expected);
  });
});

describe('If-None-Match', () => {
  it.each([
    ['the tag', ETAG],
    ['the tag marked weak', `W/${ETAG}`],
    ['the tag without quotes', ETAG.slice(1, -1)],
    ['a list with the tag', `${OTHER}, W/"a,b", ${ETAG}`],
    ['a star', '*'],
  ])('says not-modified to a read for %s', (_what, ifNoneMatch) => {
    expect(outcome({ ifNoneMatch })).toBe('not-modified');
    expect(outcome({ ifNoneMatch }, 'HEAD')).toBe('not-modified');
  });

  it('fails a write for the tag', () => {
    expect(outcome({ ifNoneMatch: ETAG }, 'PUT')).toBe('failed');
  });

  it('fails a write for a star only where something is there', () => {
    expect(outcome({ ifNoneMatch: '*' }, 'PUT')).toBe('failed');
    expect(outcome({ ifNoneMatch: '*' }, 'PUT', null)).toBe('proceed');
  });

  it.each([
    ['another tag', OTHER],
    ['the tag in another case', ETAG.toUpperCase()],
    ['nothing', ''],
    ['a list with a star', `${OTHER}, *`],
  ])('proceeds for %s', (_what, ifNoneMatch) => {
    expect(outcome({ ifNoneMatch })).toBe('proceed');
  });

  it('outranks If-Modified-Since', () => {
    expect(outcome({ ifNoneMatch: OTHER, ifModifiedSince: AFTER })).toBe('proceed');
  });
});

describe('If-Modified-Since', () => {
  it.each([
    ['proceeds for an earlier date', BEFORE, 'proceed'],
    ['says not-modified for the same second', SAME, 'not-modified'],
    ['says not-modified for a later date', AFTER, 'not-modified'],
    ['reads the format of RFC 850', 'Sunday, 01-Mar-26 12:00:00 GMT', 'not-modified'],
    ['reads the format of asctime', 'Sun Mar  1 12:00:00 2026', 'not-modified'],
    ['is ignored when it is no date', 'Sun, 31 Feb 2026 12:00:00 GMT', 'proceed'],
  ])('%s', (_what, ifModifiedSince, expected) => {
    expect(outcome({ ifModifiedSince })).toBe(expected);
    expect(outcome({ ifModifiedSince }, 'HEAD')).toBe(expected);
  });

  it('means nothing to a write', () => {
    expect(outcome({ ifModifiedSince: AFTER }, 'PUT')).toBe('proceed');
  });
});

describe('Range', () => {
  it.each([
    ['another tag', OTHER],
    ['the tag marked weak', `W/${ETAG}`],
    ['a list', `${ETAG}, ${OTHER}`],
    ['a star', '*'],
    ['an earlier date', BEFORE],
    ['a later date', AFTER],
    ['nonsense', 'yesterday'],
  ])('is ignored when If-Range is %s', (_what, ifRange) => {
    expect(rangeApplies({ ifRange })).toBe(false);
  });

  it.each([
    ['the tag', ETAG],
    ['the tag without quotes', ETAG.slice(1, -1)],
    ['exactly the date', SAME],
    ['missing', undefined],
  ])('counts when If-Range is %s', (_what, ifRange) => {
    expect(rangeApplies({ ifRange })).toBe(true);
  });

  it('counts for GET only', () => {
    expect(rangeApplies({}, 'HEAD')).toBe(false);
    expect(rangeApplies({}, 'PUT')).toBe(false);
  });

  it('is ignored when If-Range names a weak tag, though it is the very same', () => {
    expect(rangeApplies({ ifRange: 'W/"1"' }, 'GET', { ...CURRENT, etag: 'W/"1"' })).toBe(false);
  });
});

describe('hostile headers', () => {
  it.each([
    ['commas', ','.repeat(1_000_000)],
    ['quotes', '"'.repeat(1_000_001)],
    ['empty tags', '"",'.repeat(300_000)],
    ['spaces', `${' '.repeat(1_000_000)}x`],
    ['weak marks', 'W/'.repeat(500_000)],
  ])('cost time in proportion to their length: %s', (_what, header) => {
    const started = process.cpuUsage();
    evaluatePreconditions({ ifNoneMatch: header, ifRange: header, ifModifiedSince: header, method: 'GET' }, CURRENT);
    const { user, system } = process.cpuUsage(started);
    // A quadratic scan of a million characters takes minutes.
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});
