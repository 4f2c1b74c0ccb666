/**
 * Reads rows, ledger and store side by side, each in the order of its versions, and puts together what belongs to one
 * version. Holds a page of each, whatever there is. The three are read at different instants, so what does not agree
 * here is only a suspicion.
 */
import type { ListedBlob } from '../blobs/blob-store.ts';
import {
  type LedgerEntry,
  type NamedVersion,
  type Page,
  pageLedger,
  pageNamedVersions,
} from '../database/queries/fsck.ts';
import { storeKeyOf } from '../domain/objects.ts';
import type { FsckRun } from './fsck-run.ts';

/** What the three have for one version; at least one of them is not null. */
export interface Sighting {
  readonly version: string;
  readonly named: NamedVersion | null;
  readonly entry: LedgerEntry | null;
  readonly stored: ListedBlob | null;
}

/** Lower-case hex and hyphens, as `storeKeyOf` is given them. In this alphabet the order of keys is that of versions. */
const VERSION = /^[0-9a-f]{2}[0-9a-f-]*$/;

/** Whether a store can have bytes under this version; a row written by hand may name anything. */
export function isStorable(version: string): boolean {
  return VERSION.test(version);
}

/** Every version that any of the three has, in order. Keys that the gateway never makes go to `onForeignKey`. */
export async function* sightVersions(
  run: FsckRun,
  onForeignKey: (key: string) => void,
): AsyncGenerator<Sighting, void, undefined> {
  const { database, service, patience, pageSize } = run;
  const named = await openCursor(
    readPages(pageSize, page => database.run(service, pageNamedVersions, { ...page, role: service.caller.role })),
  );
  const entries = await openCursor(
    readPages(pageSize, page => database.run(service, pageLedger, { ...page, ...patience })),
  );
  const stored = await openCursor(listVersions(run.blobs.list(null), onForeignKey));
  try {
    for (;;) {
      const version = firstOf([named.head, entries.head, stored.head]);
      if (version === null) return;
      yield {
        version,
        named: await named.takeIf(version),
        entry: await entries.takeIf(version),
        stored: (await stored.takeIf(version))?.blob ?? null,
      };
    }
  } finally {
    await stored.close();
  }
}

interface Versioned {
  readonly version: string;
}

interface Cursor<Item extends Versioned> {
  readonly head: Item | null;
  /** The head, when it is of this version; then the cursor moves on. */
  takeIf(version: string): Promise<Item | null>;
  close(): Promise<void>;
}

async function openCursor<Item extends Versioned>(items: AsyncGenerator<Item, void, undefined>): Promise<Cursor<Item>> {
  let head = (await items.next()).value ?? null;
  return {
    get head() {
      return head;
    },
    async takeIf(version) {
      if (head === null || head.version !== version) return null;
      const taken = head;
      head = (await items.next()).value ?? null;
      return taken;
    },
    async close() {
      await items.return();
    },
  };
}

async function* readPages<Item extends Versioned>(
  limit: number,
  read: (page: Page) => Promise<readonly Item[]>,
): AsyncGenerator<Item, void, undefined> {
  let after = '';
  for (;;) {
    const page = await read({ after, limit });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return;
    after = last.version;
  }
}

async function* listVersions(
  blobs: AsyncIterable<ListedBlob>,
  onForeignKey: (key: string) => void,
): AsyncGenerator<Versioned & { readonly blob: ListedBlob }, void, undefined> {
  for await (const blob of blobs) {
    const version = blob.key.slice(blob.key.indexOf('/') + 1);
    if (isStorable(version) && storeKeyOf(version) === blob.key) yield { version, blob };
    else onForeignKey(blob.key);
  }
}

function firstOf(heads: readonly (Versioned | null)[]): string | null {
  let first: string | null = null;
  for (const head of heads) {
    if (head !== null && (first === null || head.version < first)) first = head.version;
  }
  return first;
}
