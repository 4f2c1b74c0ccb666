/** Where a request comes from. */
import type { IncomingMessage } from 'node:http';

/** The client's address; that which a proxy in front names, where TRUST_PROXY says so. Empty for a socket without one. */
export function clientAddress(req: IncomingMessage & { readonly ip?: string }): string {
  return req.ip ?? '';
}
