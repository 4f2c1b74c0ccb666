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

/** The same at the host that the client asked, for an API in which the host says whose the files are. */
export function originAtHost(req: ExpressRequest, publicUrl: string | null): string {
  const asked = originOf(req, null);
  if (publicUrl === null) return asked;
  const { protocol, pathname } = new URL(publicUrl);
  return `${protocol}//${asked.replace(/^.*\/\//, '')}${pathname}`.replace(/\/+$/, '');
}
