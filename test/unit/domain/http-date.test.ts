import { parseHttpDate } from '../../../src/domain/http-date.ts';

const INSTANT = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('an HTTP date', () => {
  it.each([
    ['nothing', ''],
    ['a word', 'yesterday'],
    ['an ISO date', '1994-11-06T08:49:37Z'],
    ['a number', '784111777'],
    ['another zone', 'Sun, 06 Nov 1994 08:49:37 EST'],
    ['no zone', 'Sun, 06 Nov 1994 08:49:37'],
    ['a day that does not exist', 'Wed, 30 Feb 1994 08:49:37 GMT'],
    ['day zero', 'Sun, 00 Nov 1994 08:49:37 GMT'],
    ['hour 24', 'Sun, 06 Nov 1994 24:00:00 GMT'],
    ['minute 60', 'Sun, 06 Nov 1994 08:60:00 GMT'],
    ['second 61', 'Sun, 06 Nov 1994 08:49:61 GMT'],
    ['an unknown month', 'Sun, 06 Nvo 1994 08:49:37 GMT'],
    ['an unknown weekday', 'Son, 06 Nov 1994 08:49:37 GMT'],
    ['two dates', 'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT'],
    ['a date with a tail', 'Sun, 06 Nov 1994 08:49:37 GMT; length=5'],
    ['the wrong case', 'sun, 06 nov 1994 08:49:37 gmt'],
  ])('is not %s', (_what, text) => {
    expect(parseHttpDate(text)).toBeNull();
  });

  it.each([
    ['the preferred format', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['the format of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ['the format of asctime', 'Sun Nov  6 08:49:37 1994'],
    ['the preferred format with a wrong weekday', 'Mon, 06 Nov 1994 08:49:37 GMT'],
  ])('is read in %s', (_what, text) => {
    expect(parseHttpDate(text)).toBe(INSTANT);
  });

  it('reads a two-digit year below 70 in this century', () => {
    expect(parseHttpDate('Tuesday, 14-Jul-26 00:00:00 GMT')).toBe(Date.UTC(2026, 6, 14));
  });

  it('reads a two-digit day in the format of asctime', () => {
    expect(parseHttpDate('Wed Dec 31 23:59:59 2025')).toBe(Date.UTC(2025, 11, 31, 23, 59, 59));
  });

  it('reads a leap second as the next second', () => {
    expect(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT')).toBe(Date.UTC(2017, 0, 1));
  });

  it('reads a year below 100 as written', () => {
    expect(new Date(parseHttpDate('Fri, 01 Jan 0050 00:00:00 GMT') ?? Number.NaN).getUTCFullYear()).toBe(50);
  });

  it('reads back what Date writes', () => {
    expect(parseHttpDate(new Date(INSTANT).toUTCString())).toBe(INSTANT);
  });
});
