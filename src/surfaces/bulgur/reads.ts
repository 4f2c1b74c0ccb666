/** GET and HEAD: a file's bytes, or a folder's entries as JSON. By login, or with a path token for exactly this path. */
import { Readable } from 'node:stream';
import type { RequestQueries } from '../../contract/types.generated.ts';
import { errorCode } from '../../domain/errors.ts';
import type { OpenedObject } from '../../domain/opened-object.ts';
import type { TreePath } from '../../domain/tree-path.ts';
import { attachmentHeader, inlineHeader } from '../../http/content-disposition.ts';
import { readConditions } from '../../http/read-conditions.ts';
import { API_SECURITY_HEADERS } from '../../http/security-headers.ts';
import { sendObject } from '../../http/send-object.ts';
import { sendStream } from '../../http/send-stream.ts';
import type { PathPass } from '../../identity/path-tokens.ts';
import { type OpenedTree, openTree, type TreeEntry } from '../../operations/open-tree.ts';
import { type Asked, pathAsked, scopeInTree, scopeOfToken } from './asked.ts';

const OPERATION = 'tree.get';

export async function read(asked: Asked): Promise<void> {
  const path = pathAsked(asked);
  const pass = passAsked(asked, path);
  // A token that was revoked is as none, too; of that the database alone knows.
  await readBy(asked, path, pass).catch(error => {
    if (pass === null || errorCode(error) !== 'link-revoked') throw error;
    return readBy(asked, path, null);
  });
}

async function readBy(asked: Asked, path: TreePath, pass: PathPass | null): Promise<void> {
  const terms = readConditions(asked.req.headers);
  const scope =
    pass === null
      ? scopeInTree(asked, { path, operation: OPERATION, login: 'offered' })
      : scopeOfToken(asked, OPERATION);
  const access = pass === null ? ({ by: 'caller' } as const) : ({ by: 'path-token', ...pass } as const);
  const found = await openTree(asked.core, scope, { path, access, ...terms });
  if (found.kind === 'folder') return sendFolder(asked, found);
  const { opened } = found;
  await sendObject({
    res: asked.res,
    opened,
    disposition: dispositionOf(opened, path),
    expiresAt: pass?.expiresAt ?? null,
  });
}

/** Null where there is none, or none that opens this path: then the login decides. */
function passAsked({ query, pathTokens }: Asked, path: TreePath): PathPass | null {
  const { token } = query as RequestQueries['readTree'];
  if (token === undefined) return null;
  try {
    return pathTokens.verify(token, path.name);
  } catch (error) {
    if (errorCode(error) === 'invalid-link' || errorCode(error) === 'link-mismatch') return null;
    throw error;
  }
}

/** Shown where it stands, or saved. */
function dispositionOf({ object }: OpenedObject, { leaf }: TreePath): string {
  return /^(?:image|text|video)\//i.test(object.facts.contentType) ? inlineHeader(leaf) : attachmentHeader(leaf);
}

/** The entries as they are fetched, however many there are. */
function sendFolder({ req, res }: Asked, { pages }: Extract<OpenedTree, { kind: 'folder' }>): Promise<void> {
  return sendStream({
    res,
    status: 200,
    headers: {
      ...API_SECURITY_HEADERS,
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    },
    body: req.method === 'HEAD' ? null : Readable.from(folderJson(pages)),
  });
}

async function* folderJson(pages: AsyncIterable<readonly TreeEntry[]>): AsyncIterable<Buffer> {
  let separator = '';
  yield Buffer.from('{"entries":[');
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield Buffer.from(separator + page.map(entry => JSON.stringify(wireEntry(entry))).join());
    separator = ',';
  }
  yield Buffer.from(']}');
}

function wireEntry({ isFile, name, sizeBytes }: TreeEntry) {
  return { is_file: isFile, name, size: sizeBytes };
}
