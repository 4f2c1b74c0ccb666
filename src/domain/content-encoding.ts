/** The `Content-Encoding` that an upload may carry, kept with the object and sent with every download. */
import { SluiceError } from './errors.ts';

/** A token, RFC 9110 §5.6.2; empty elements of a list are legal. */
const CODING = /^[\w!#$%&'*+.^`|~-]*$/;

/** Codings that describe the message, not the bytes, are left out. Throws `invalid-parameter` for what is no list. */
export function parseContentEncoding(header: string | undefined): string | null {
  const codings = (header ?? '').split(',').map(coding => coding.trim());
  if (!codings.every(coding => CODING.test(coding))) {
    throw new SluiceError('invalid-parameter', 'headers/content-encoding must be a list of content codings', {
      facts: { part: 'headers' },
    });
  }
  return codings.filter(coding => !/^(?:|identity|aws-chunked)$/i.test(coding)).join(', ') || null;
}
