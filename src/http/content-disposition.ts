/** The Content-Disposition of a download, for any name (RFC 6266, RFC 8187). Home of the package of that name. */
import { create } from 'content-disposition';

/**
 * `attachment` with the last segment of the name, which is all a client may use of it. Quotes, line breaks and every
 * other character are encoded, so the value is always one legal header.
 */
export function attachmentHeader(name: string): string {
  return create(lastSegment(name));
}

/** `inline` with the name to save it under; the same care is taken of the name. */
export function inlineHeader(name: string): string {
  return create(lastSegment(name), { type: 'inline' });
}

function lastSegment(name: string): string {
  const segments = name.split('/').filter(segment => segment !== '');
  return (segments.at(-1) ?? name).toWellFormed();
}
