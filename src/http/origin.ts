/** The address that a client has of this gateway, for links in replies. */
import type { IncomingMessage } from 'node:http';

/** Express adds these; both heed a trusted proxy. */
type ExpressRequest = IncomingMessage & { readonly protocol?: string; readonly host?: string };

/** The public URL where one is set, else what the client asked; without a slash at its end. */
export function originOf(req: ExpressRequest, publicUrl: string | null): string {
  return (publicUrl ?? `${req.protocol ?? 'http'}://${req.host ?? req.headers.host ?? 'localhost'}`).replace(
    /\/+$/,
    '',
  );
}
