/** `sluice fsck` on 100,000 objects: what it asks and what it holds does not depend on how many there are. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { BlobStore, ListedBlob } from '../../src/blobs/blob-store.ts';
import type { Database } from '../../src/database/database.ts';
import { ANONYMOUS } from '../../src/domain/caller.ts';
import { storeKeyOf } from '../../src/domain/objects.ts';
import { checkStorage } from '../../src/sweeper/fsck.ts';
import type { FsckProgress, FsckReport } from '../../src/sweeper/fsck-report.ts';
import { admit, LOOKING, type Patient } from '../support/fsck-patient.ts';
import { scopeOf } from '../support/scopes.ts';

const OBJECTS = 100_000;
const SPREAD = 42_949; // over all first bytes of a version
const MIB = 1024 * 1024;

jest.setTimeout(120_000); // for machines that do several things at once
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function versionOf(index: number): string {
  return `${(index * SPREAD).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
}

/** The store as it would be: listing 100,000 files is the driver's own test. */
function listing(blobs: BlobStore): BlobStore {
  return {
    ...blobs,
    async *list(): AsyncGenerator<ListedBlob> {
      const modifiedAt = new Date();
      for (let index = 0; index < OBJECTS; index += 1) {
        yield { key: storeKeyOf(versionOf(index)), sizeBytes: index, modifiedAt };
      }
    },
  };
}

describe('fsck on 100,000 objects', () => {
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
         select version, left(version, 2) || '/' || version, 'live', i, now() from made)
       insert into storage.objects (bucket_id, name, version, metadata)
       select 'ward', 'object-' || i, version, jsonb_build_object('size', i) from made`,
      [OBJECTS, SPREAD],
    );
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
      { database: counting, blobs: listing(blobs), graceMs: 0, pageSize: 5_000 },
      scopeOf(ANONYMOUS, { signal }),
      { options: LOOKING, onProgress },
    );
    return { report, statements };
  }

  it('reads each table once, page by page, and holds no more at the end than at the beginning', async () => {
    const heap: number[] = [];
    const { report, statements } = check(({ done }) => {
      if (done % 10_000 !== 0) return;
      collectGarbage();
      heap.push(process.memoryUsage().heapUsed);
    });
    expect(await report).toMatchObject({
      checked: { rows: OBJECTS, blobs: OBJECTS },
      findings: [],
      omitted: 0,
      counts: {},
    });
    expect(Object.fromEntries(statements)).toEqual({
      fsck_estimate_work: 1,
      fsck_page_rows_without_version: 21,
      fsck_page_named_versions: 21,
      fsck_page_ledger: 21,
      fsck_describe_quarantine: 1,
    });
    expect(heap.length).toBeGreaterThan(15);
    expect(Math.max(...heap) - (heap[0] ?? 0)).toBeLessThan(16 * MIB);
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
