/** POST, PUT and DELETE: path tokens, moves, new folders, uploads and removals. By login only. */
import { randomBytes } from 'node:crypto';
import type { RequestBodies } from '../../contract/types.generated.ts';
import type { RequestScope } from '../../domain/caller.ts';
import { malformed, SluiceError } from '../../domain/errors.ts';
import { cleanFileName, parseTreePath, type TreePath } from '../../domain/tree-path.ts';
import { openMultipart } from '../../http/multipart-upload.ts';
import { sendJson } from '../../http/send-json.ts';
import { conditionOf, isPiece } from '../../http/write-conditions.ts';
import { makeFolder, moveInTree, openFolder, removeFromTree } from '../../operations/change-tree.ts';
import { demandPermits } from '../../operations/demand-permits.ts';
import { type Asked, pathAsked, scopeInTree } from './asked.ts';

const DONE = { status: 'ok' };

type Action = RequestBodies['actOnTree']['action'];

const ACTIONS: Readonly<Record<Action, (asked: Asked, path: TreePath) => Promise<object>>> = {
  async MakePathToken(asked, path) {
    const scope = { path, operation: 'tree.make_path_token', login: 'required', permits: ['home-token'] } as const;
    await demandPermits(asked.core, scopeInTree(asked, scope));
    return { token: asked.pathTokens.sign(path.name) };
  },

  async Move(asked, path) {
    const { new_path: newPath } = asked.body as RequestBodies['actOnTree'];
    const scope = scopeInTree(asked, { path, operation: 'tree.move', login: 'required' });
    if (newPath === undefined) throw new SluiceError('invalid-parameter', 'Where to move it is missing: new_path');
    await mustNotDepend(asked, scope, conditionOf(asked.req.headers));
    await moveInTree(asked.core, scope, path, parseTreePath(newPath));
    return DONE;
  },

  async CreateFolder(asked, path) {
    await makeFolder(
      asked.core,
      scopeInTree(asked, { path, operation: 'tree.create_folder', login: 'required' }),
      path,
    );
    return DONE;
  },
};

export async function act(asked: Asked): Promise<void> {
  const { action } = asked.body as RequestBodies['actOnTree'];
  const body = await ACTIONS[action](asked, pathAsked(asked));
  sendJson({ res: asked.res, status: 200, body, headers: { 'cache-control': 'no-store' } });
}

/** Of one form. */
const FORM_LIMITS = { maxFields: 100, maxFieldBytes: 64 * 1024, maxFiles: 1000, fieldsAreFiles: true };

/** Each file is stored, and there to be seen, as soon as it is complete; what is wrong later in the form leaves it be. */
export async function upload(asked: Asked): Promise<void> {
  const path = pathAsked(asked);
  const scope = scopeInTree(asked, { path, operation: 'tree.upload', login: 'required' });
  const { headers } = asked.req;
  await mustNotDepend(asked, scope, isPiece(headers) ? 'Content-Range' : conditionOf(headers));
  const folder = await openFolder(asked.core, scope, path);
  const form = openMultipart(asked.req, { ...FORM_LIMITS, signal: scope.signal });
  const written: string[] = [];
  for (let file = await form.nextFile(); file !== null; file = await form.nextFile()) {
    const name = cleanFileName(file.fileName ?? '') ?? randomBytes(16).toString('base64url').slice(0, 21);
    written.push(`/${await folder.put({ name, contentType: file.contentType, body: file.stream })}`);
  }
  if (written.length === 0) throw new SluiceError('no-content', 'The form has no file');
  sendJson({ res: asked.res, status: 200, body: { files_written: written } });
}

export async function remove(asked: Asked): Promise<void> {
  const path = pathAsked(asked);
  const scope = scopeInTree(asked, { path, operation: 'tree.delete', login: 'required' });
  await mustNotDepend(asked, scope, conditionOf(asked.req.headers));
  await removeFromTree(asked.core, scope, path);
  sendJson({ res: asked.res, status: 200, body: DONE });
}

/** What cannot be heeded is refused: passed over, it would change what its sender meant to keep. Strangers hear nothing of it. */
async function mustNotDepend({ core }: Asked, scope: RequestScope, header: string | null): Promise<void> {
  if (header === null) return;
  await demandPermits(core, scope);
  throw malformed(`Files and folders are changed as they are, and uploaded whole: leave out ${header}`);
}
