/**
 * HTTP dates, read in the three formats of RFC 9110 §5.6.7. Writing needs no code: `Date.prototype.toUTCString` is the
 * preferred format already.
 */

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const MONTH = '(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)';

/** `Sun, 06 Nov 1994 08:49:37 GMT` */
const IMF_FIXDATE = new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`);
/** `Sunday, 06-Nov-94 08:49:37 GMT` */
const RFC_850 = new RegExp(`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`);
/** `Sun Nov  6 08:49:37 1994` */
const ASCTIME = new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} ([ \\d]\\d) ${TIME} (\\d{4})$`);

/** The longest legal date has 33 characters; anything longer is refused before a pattern sees it. */
const MAX_LENGTH = 64;

/**
 * The instant in milliseconds, or null for anything that is not an HTTP date (also for a day or an hour that does not
 * exist). A two-digit year is read as 1970–2069. The weekday's name must be one, but is not compared with the date.
 */
export function parseHttpDate(text: string): number | null {
  if (text.length > MAX_LENGTH) return null;
  const fixdate = IMF_FIXDATE.exec(text);
  if (fixdate !== null) {
    const [, day, month, year, ...time] = fixdate;
    return instant({ year: Number(year), month, day, time });
  }
  const rfc850 = RFC_850.exec(text);
  if (rfc850 !== null) {
    const [, day, month, year, ...time] = rfc850;
    return instant({ year: fullYear(Number(year)), month, day, time });
  }
  const asctime = ASCTIME.exec(text);
  if (asctime !== null) {
    const [, month, day, hour, minute, second, year] = asctime;
    return instant({ year: Number(year), month, day, time: [hour, minute, second] });
  }
  return null;
}

/** RFC 9110 counts fifty years from now; a fixed pivot needs no clock, and nothing here was stored before 1970. */
function fullYear(twoDigits: number): number {
  return twoDigits < 70 ? 2000 + twoDigits : 1900 + twoDigits;
}

interface DateParts {
  readonly year: number;
  readonly month: string | undefined;
  readonly day: string | undefined;
  readonly time: readonly (string | undefined)[];
}

function instant({ year, month, day, time }: DateParts): number | null {
  const [hour, minute, second] = time.map(Number);
  if (hour === undefined || minute === undefined || second === undefined) return null;
  if (hour > 23 || minute > 59 || second > 60) return null; // 60 is a leap second
  const dayOfMonth = Number(day);
  const date = new Date(0);
  date.setUTCFullYear(year, MONTHS.indexOf(month ?? '') / 3, dayOfMonth);
  if (date.getUTCDate() !== dayOfMonth) return null;
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
}
