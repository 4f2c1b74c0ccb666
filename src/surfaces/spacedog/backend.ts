/** Which backend a request is for, by the name of the host. */
import { SluiceError } from '../../domain/errors.ts';

export const DEFAULT_BACKEND = 'default';
/** As sluice.accounts has it. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,52}[a-z0-9])?$/;

/**
 * The first label of a host of `domain`; the default backend for every other host. Throws `bucket-not-found` for a label
 * that no backend can have.
 */
export function backendOfHost(host: string, domain: string | null): string {
  const name = host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
  if (domain === null || !name.endsWith(`.${domain}`)) return DEFAULT_BACKEND;
  const label = name.slice(0, -domain.length - 1);
  if (!LABEL.test(label)) throw new SluiceError('bucket-not-found', 'No such backend');
  return label;
}

export function bucketOf(backend: string): string {
  return `backend-${backend}`;
}
