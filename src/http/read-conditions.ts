/** The headers that say which bytes a reader wants, and whether it has them already. Judged in the domain. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Conditions } from '../domain/preconditions.ts';

/** The Range and the conditional headers, as they came. */
export function readConditions(headers: IncomingHttpHeaders): {
  readonly range: string | undefined;
  readonly conditions: Conditions;
} {
  return {
    range: headers.range,
    conditions: {
      ifMatch: headers['if-match'],
      ifNoneMatch: headers['if-none-match'],
      ifModifiedSince: headers['if-modified-since'],
      ifUnmodifiedSince: headers['if-unmodified-since'],
      ifRange: headers['if-range'] as string | undefined,
    },
  };
}
