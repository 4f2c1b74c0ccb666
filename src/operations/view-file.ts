/**
 * Gives the bytes of a file at its public address, and counts it. A file with N views gives its bytes to N readers and to
 * no other; what gives no bytes (HEAD, 304, a refused password, a store that is away) takes no view.
 */
import { uncountView, type ViewedFile, viewFile } from '../database/queries/files.ts';
import type { RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import { isObjectName } from '../domain/names.ts';
import type { StoredObject } from '../domain/objects.ts';
import type { OpenedBytes, OpenedObject } from '../domain/opened-object.ts';
import type { Core } from './core.ts';
import { decideOpening, type ReadConditions } from './open-object.ts';

export interface ViewRequest extends ReadConditions {
  readonly name: string;
  /** Whether the reader knows the file's password. Asked only where it has one; may throw. */
  readonly knowsPassword: (file: { readonly objectId: string; readonly passwordHash: string }) => Promise<boolean>;
}

export interface OpenedView {
  readonly opened: OpenedObject;
  readonly originalName: string | null;
}

/**
 * The file, ready to be sent. One round trip where nothing but the whole file can be the answer, else two. Throws
 * `object-not-found` (absent, hidden, or over: its views spent, its time up), `invalid-password`, what `knowsPassword`
 * throws, `precondition-failed`, `range-not-satisfiable`.
 */
export async function viewFileByName(core: Core, scope: RequestScope, request: ViewRequest): Promise<OpenedView> {
  const isPlain = scope.method === 'GET' && !isConditional(request);
  const take = (count: boolean, verifiedHash: string | null) =>
    takeView(core, scope, { name: request.name, count, verifiedHash });
  const found = await take(isPlain, null);
  const { passwordHash } = found;
  if (passwordHash !== null && !(await request.knowsPassword({ objectId: found.object.id, passwordHash }))) {
    throw new SluiceError('invalid-password', 'incorrect password');
  }
  const opened = decideOpening(core, scope, found.isLimited ? unkept(found.object) : found.object, request);
  if (opened.outcome === 'not-modified' || scope.method !== 'GET') return { opened, originalName: found.originalName };
  if (!found.counted && !(await take(true, passwordHash)).counted) {
    throw new SluiceError('invalid-password', 'incorrect password'); // it was changed in this moment
  }
  return { opened: givingBack(core, scope, opened, found), originalName: found.originalName };
}

function isConditional({ range, conditions }: ReadConditions): boolean {
  return range !== undefined || Object.values(conditions).some(header => header !== undefined);
}

async function takeView(
  core: Core,
  scope: RequestScope,
  request: { readonly name: string; readonly count: boolean; readonly verifiedHash: string | null },
): Promise<ViewedFile> {
  if (!isObjectName(request.name)) throw new SluiceError('object-not-found', 'Object not found');
  const [viewed] = await core.database.run(scope, viewFile, { role: scope.caller.role, ...request });
  if (viewed === undefined) throw new SluiceError('object-not-found', 'Object not found');
  return viewed;
}

/** No cache and no presigned URL may give bytes that are limited to some views, a time or a password. */
function unkept(object: StoredObject): StoredObject {
  return { ...object, delivery: 'proxy', facts: { ...object.facts, cacheControl: 'no-store' } };
}

/** The same, and the view is given back where the store has no bytes. */
function givingBack(core: Core, scope: RequestScope, opened: OpenedBytes, { object }: ViewedFile): OpenedBytes {
  return {
    ...opened,
    open: async () => {
      try {
        return await opened.open();
      } catch (error) {
        await core.database.run(scope, uncountView, { objectId: object.id }).catch(() => {});
        throw error;
      }
    },
  };
}
