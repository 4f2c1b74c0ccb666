/** Opens an object for reading: the row first, in one round trip, then, only where bytes are wanted, the store. */
import type { Readable } from 'node:stream';
import { parseRange } from '../domain/byte-range.ts';
import type { RequestScope } from '../domain/caller.ts';
import { SluiceError } from '../domain/errors.ts';
import { type StoredObject, storeKeyOf } from '../domain/objects.ts';
import type { DirectAnswer, OpenedObject } from '../domain/opened-object.ts';
import { type Conditions, evaluatePreconditions } from '../domain/preconditions.ts';
import { type Core, fromStore } from './core.ts';
import { findObjectRow, type ObjectRequest } from './find-object.ts';

export interface ReadConditions {
  readonly conditions: Conditions;
  /** The Range header as it came. */
  readonly range: string | undefined;
}

export interface OpenRequest extends ObjectRequest, ReadConditions {}

/**
 * Decides preconditions and range from the row (RFC 9110 §13.2.2, §14.2). Throws what `findObjectRow` throws, and
 * `precondition-failed`, and `range-not-satisfiable` with the fact `size`.
 */
export async function openObject(core: Core, scope: RequestScope, request: OpenRequest): Promise<OpenedObject> {
  return decideOpening(core, scope, await findObjectRow(core, scope, request), request);
}

/** The same for an object that has been found already. */
export function decideOpening(
  core: Core,
  scope: RequestScope,
  object: StoredObject,
  request: ReadConditions,
): OpenedObject {
  const { sizeBytes, etag, lastModified } = object.facts;
  const verdict = evaluatePreconditions({ method: scope.method, ...request.conditions }, { etag, lastModified });
  if (verdict.outcome === 'failed') throw new SluiceError('precondition-failed', 'Precondition failed');
  if (verdict.outcome === 'not-modified') return { outcome: 'not-modified', object };

  const range = verdict.rangeApplies ? parseRange(request.range, sizeBytes) : ({ kind: 'whole' } as const);
  if (range.kind === 'unsatisfiable') {
    throw new SluiceError('range-not-satisfiable', 'The requested range is not satisfiable', {
      facts: { size: sizeBytes },
    });
  }
  const part = range.kind === 'part' ? { start: range.start, end: range.end } : null;
  return {
    outcome: part === null ? 'whole' : 'part',
    object,
    start: part?.start ?? 0,
    end: part?.end ?? sizeBytes - 1,
    open: () => openBytes(core, scope, object, part),
    presign: presignOf(core, object),
    locate: locateOf(core, object),
  };
}

/** Long enough to follow a redirect, too short to be passed around. */
const PRESIGNED_SECONDS = 60;

function presignOf({ blobs }: Core, object: StoredObject): ((answer: DirectAnswer) => Promise<string>) | null {
  const { presignDownload } = blobs;
  if (presignDownload === undefined || object.delivery !== 'redirect') return null;
  const key = storeKeyOf(object.version);
  return answer => presignDownload(key, { ...answer, expiresInSeconds: PRESIGNED_SECONDS });
}

function locateOf({ blobs, proxyPrefix }: Core, object: StoredObject): (() => Promise<string>) | null {
  const { locate } = blobs;
  if (locate === undefined || proxyPrefix === null) return null;
  return async () => `${proxyPrefix}${await locate(storeKeyOf(object.version))}`;
}

async function openBytes(
  core: Core,
  scope: RequestScope,
  object: StoredObject,
  range: { start: number; end: number } | null,
): Promise<Readable | Buffer> {
  const { blobs } = core;
  const { signal } = scope;
  const key = storeKeyOf(object.version);
  try {
    const whole = await blobs.readWhole?.(key, { sizeBytes: object.facts.sizeBytes, signal });
    if (whole == null) return await blobs.open(key, { range, signal });
    return range === null ? whole : whole.subarray(range.start, range.end + 1);
  } catch (error) {
    throw fromStore(error);
  }
}
