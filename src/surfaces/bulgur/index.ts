/**
 * The storage tree (API 000): each user's files and folders by path. A translation between wire and operations, nothing
 * else: who enters a tree and what happens in it is decided by the policies.
 */
import type { Approach, RouteHandler, Surface } from '../../contract/bind-routes.ts';
import { recordOf } from '../../http/request-record.ts';
import { demandPermits } from '../../operations/demand-permits.ts';
import { act, remove, upload } from './changes.ts';
import { renderError, renderUnknownRoute } from './errors.ts';
import { type BulgurHandler, type BulgurParts, pathAsked, scopeInTree } from './handlers.ts';
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
const OWN = /^\/(?:storage(?!\/v1(?:\/|$))|auth)(?:\/|$)/;

export function makeBulgurSurface(parts: BulgurParts): Surface {
  const bound = ([id, handle]: [string, BulgurHandler]): [string, RouteHandler] => [
    id,
    route => handle({ ...route, ...parts }),
  ];
  return {
    tag: 'bulgur',
    handlers: Object.fromEntries(Object.entries(HANDLERS).map(bound)),
    beforeRefusal: approach => mustOwn(approach, parts),
    owns: path => OWN.test(path),
    onError: (error, _req, res, operationId) => {
      Object.assign(recordOf(res), { error, operationId });
      renderError(res, error);
    },
    onUnknown: (_req, res) => renderUnknownRoute(res),
  };
}

/** Strangers to a tree are told so, and nothing of what is malformed. */
async function mustOwn(approach: Approach, parts: BulgurParts): Promise<void> {
  if (approach.operationId === 'logIn') return;
  const asked = { ...approach, ...parts };
  const path = pathAsked(asked);
  await demandPermits(parts.core, scopeInTree(asked, { path, operation: 'tree.refuse', login: 'required' }));
}
