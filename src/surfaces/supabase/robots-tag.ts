/** The `x-robots-tag` that an upload may carry, kept with the object and sent with every download. */
import { SluiceError } from '../../domain/errors.ts';

const PLAIN =
  'all|noindex|nofollow|none|noarchive|nosnippet|notranslate|noimageindex|indexifembedded|nositelinkssearchbox';
const VALUED =
  'max-snippet: ?-?\\d+|max-video-preview: ?-?\\d+|max-image-preview: ?(?:none|standard|large)|unavailable_after: ?[\\w :,+.-]+';
const DIRECTIVE = new RegExp(`^(?:[a-z0-9_-]+: ?)?(?:${PLAIN}|${VALUED})$`, 'i');

/** Null when absent. Throws `invalid-parameter` for anything but a comma-separated list of known directives. */
export function parseRobotsTag(header: string | undefined): string | null {
  if (header === undefined) return null;
  const directives = header.split(',').map(directive => directive.trim());
  if (header.length > 500 || !directives.every(directive => DIRECTIVE.test(directive))) {
    throw new SluiceError('invalid-parameter', 'Invalid X-Robots-Tag header', { facts: { part: 'x-robots-tag' } });
  }
  return header;
}
