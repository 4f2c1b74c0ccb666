/** The time as identity reads it: passed in, so that tests choose it. `Date` itself is a clock. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}
