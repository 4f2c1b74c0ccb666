/** Text that comes in a body and goes out as a header. */
import { SluiceError } from './errors.ts';

/** The value, where it is given, of what is called so. Throws `invalid-parameter` (part `form`) for one that no header may carry. */
export function legalHeader(name: string, value: string | undefined): string | undefined {
  if (value !== undefined && !/^[\t\x20-\x7e]*$/.test(value)) {
    throw new SluiceError(
      'invalid-parameter',
      `${name} holds characters that no header may carry: use printable ASCII`,
      {
        facts: { part: 'form' },
      },
    );
  }
  return value;
}
