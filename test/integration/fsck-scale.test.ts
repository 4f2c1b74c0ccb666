/**
 * `sluice fsck` on many objects with real files: what it asks and what it holds does not depend on how many there are.
 * FSCK_OBJECTS=1000000 is the long form, which tells its figures.
 */
import { link, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Database } from '../../src/database/database.ts';
import { ANONYMOUS } from '../../src/domain/caller.ts';
import { storeKeyOf } from '../../src/domain/objects.ts';
import { checkStorage } from '../../src/sweeper/fsck.ts';
import type { FsckProgress, FsckReport } from '../../src/sweeper/fsck-report.ts';
import { admit, LOOKING, type Patient } from '../support/fsck-patient.ts';
import { scopeOf } from '../support/scopes.ts';
import { type Sample, secondHalf, slopeOf } from '../support/slope.ts';

const OBJECTS = Number(process.env.FSCK_OBJECTS ?? 60_000);
const PAGE_SIZE = 5_000;
const PAGES = Math.floor(OBJECTS / PAGE_SIZE) + 1;
/** Over all first bytes of a version. */
const SPREAD = Math.floor(2 ** 32 / OBJECTS);
/** Ext4 lets a file have no more than 65,000 names. */
const NAMES_A_FILE = 30_000;
const AT_ONCE = 500;
/** A quarter of what one kept version would take. */
const MOST_BYTES_AN_OBJECT = 16;

jest.setTimeout(60_000 + OBJECTS); // for machines that do several things at once
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function versionOf(index: number): string {
  return `${(index * SPREAD).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
}

/** One byte under many names: to the driver each is a file of its own. */
async function fillStore(root: string): Promise<void> {
  for (let shard = 0; shard < 256; shard += 1) {
    await mkdir(join(root, shard.toString(16).padStart(2, '0')), { recursive: true });
  }
  const pathOf = (index: number) => join(root, storeKeyOf(versionOf(index)));
  for (let start = 0; start < OBJECTS; start += AT_ONCE) {
    const source = pathOf(start - (start % NAMES_A_FILE));
    if (start % NAMES_A_FILE === 0) await writeFile(source, 'x');
    const group = Array.from({ length: Math.min(AT_ONCE, OBJECTS - start) }, (_, n) => pathOf(start + n));
    await Promise.all(group.filter(path => path !== source).map(path => link(source, path)));
  }
}

describe(`fsck on ${OBJECTS} objects`, () => {
  let patient: Patient;

  beforeAll(async () => {
    patient = await admit('file');
    await patient.sql(`insert into storage.buckets (id, name) values ('ward', 'ward')`);
    await patient.sql(
      `with made as (
         select i, lpad(to_hex(i::bigint * $2), 8, '0') || '-0000-4000-8000-000000000000' as version
         from generate_series(0, $1::int - 1) i),
       entries as (
         insert into sluice.blobs (version, store_key, state, size, live_at)
         select version, left(version, 2) || '/' || version, 'live', 1, now() from made)
       insert into storage.objects (bucket_id, name, version, metadata)
       select 'ward', 'object-' || i, version, jsonb_build_object('size', 1) from made`,
      [OBJECTS, SPREAD],
    );
    await fillStore(join(patient.gateway.dataDir, 'blobs'));
  });
  afterAll(() => patient.gateway.stop());

  function check(onProgress: FsckProgress, signal = new AbortController().signal) {
    const statements = new Map<string, number>();
    const { database, blobs } = patient.gateway.app.core;
    const counting: Database = {
      ...database,
      run(scope, statement, parameters) {
        statements.set(statement.name, (statements.get(statement.name) ?? 0) + 1);
        return database.run(scope, statement, parameters);
      },
    };
    const report: Promise<FsckReport> = checkStorage(
      { database: counting, blobs, graceMs: 0, pageSize: PAGE_SIZE },
      scopeOf(ANONYMOUS, { signal }),
      { options: LOOKING, onProgress },
    );
    return { report, statements };
  }

  it('reads each table once, page by page, and holds no more at the end than at the beginning', async () => {
    const heap: Sample[] = [];
    const began = performance.now();
    const { report, statements } = check(({ done, what }) => {
      if (what !== 'versions' || done % (OBJECTS / 20) !== 0) return;
      collectGarbage();
      heap.push({ at: done, value: process.memoryUsage().heapUsed });
    });
    const sound = { checked: { rows: OBJECTS, blobs: OBJECTS }, findings: [], omitted: 0, counts: {} };
    expect(await report).toMatchObject(sound);
    expect(Object.fromEntries(statements)).toEqual({
      fsck_estimate_work: 1,
      fsck_page_rows_without_version: PAGES,
      fsck_page_named_versions: PAGES,
      fsck_page_ledger: PAGES,
      fsck_describe_quarantine: 1,
    });
    expect(heap.length).toBeGreaterThan(15);
    const growth = slopeOf(secondHalf(heap));
    if (process.env.FSCK_OBJECTS !== undefined) {
      const seconds = Math.round((performance.now() - began) / 100) / 10;
      const mebibytes = [heap[0], heap.at(-1)].map(sample => Math.round((sample?.value ?? 0) / 1024 / 102.4) / 10);
      process.stdout.write(
        `fsck of ${OBJECTS}: ${seconds} s, heap ${mebibytes.join(' to ')} MiB, ${growth} B/object\n`,
      );
    }
    expect(growth).toBeLessThan(MOST_BYTES_AN_OBJECT);
  });

  it('tells how far it is, and stops when told to', async () => {
    const interrupting = new AbortController();
    const seen: number[] = [];
    const { report, statements } = check(({ done, what }) => {
      if (what !== 'versions') return;
      seen.push(done);
      if (done === 7_000) interrupting.abort();
    }, interrupting.signal);
    await expect(report).rejects.toMatchObject({ code: 'aborted' });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7].map(thousands => thousands * 1_000));
    expect(statements.get('fsck_page_ledger')).toBe(2);
  });
});
