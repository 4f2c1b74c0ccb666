/**
 * The storage tree (API 000): each user's files and folders by path. A translation between wire and operations, nothing
 * else: who enters a tree and what happens in it is decided by the policies.
 */
import type { RouteHandler, Surface } from '../../contract/bind-routes.ts';
import { recordOf } from '../../http/request-record.ts';
import { act, remove, upload } from './changes.ts';
import { renderError, renderUnknownRoute } from './errors.ts';
import type { BulgurHandler, BulgurParts } from './handlers.ts';
import { logIn } from './login.ts';
import { read } from './reads.ts';

const HANDLERS: Readonly<Record<string, BulgurHandler>> = {
  readTree: read,
  headTree: read,
  actOnTree: act,
  uploadToTree: upload,
  deleteFromTree: remove,
  logIn,
};

/** `/storage/v1` is the bucket API's; no user is called so. */
const OWN = /^\/(?:storage\/(?!v1(?:\/|$))|auth\/)/;

export function makeBulgurSurface(parts: BulgurParts): Surface {
  const bound = ([id, handle]: [string, BulgurHandler]): [string, RouteHandler] => [
    id,
    route => handle({ ...route, ...parts }),
  ];
  return {
    tag: 'bulgur',
    handlers: Object.fromEntries(Object.entries(HANDLERS).map(bound)),
    owns: path => OWN.test(path),
    onError: (error, _req, res, operationId) => {
      Object.assign(recordOf(res), { error, operationId });
      renderError(res, error);
    },
    onUnknown: (_req, res) => renderUnknownRoute(res),
  };
}
