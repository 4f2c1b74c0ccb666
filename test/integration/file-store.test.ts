/** The file driver: the common suite, and what only a disk can get wrong. */
import fs from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { makeFileStore } from '../../src/blobs/file-store.ts';
import { blobOf, newKey, rejection } from '../support/blobs.ts';
import { type BlobStoreUnderTest, behindMemory, describeBlobStore, NO_MEMORY } from './blob-store-suite.ts';

async function makeRoot(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'sluice-blobs-'));
}

async function makeUnderTest(): Promise<BlobStoreUnderTest> {
  const root = await makeRoot();
  const store = makeFileStore({ root });
  await store.prepare();
  const temporaries = async (key: string) =>
    (await readdir(join(root, 'tmp'))).filter(name => name.startsWith(key.replace('/', '_')));
  let left = 0;
  return {
    store,
    partSizeBytes: 128 * 1024,
    leaveUnfinished: async key => {
      left += 1;
      await writeFile(join(root, 'tmp', `${key.replace('/', '_')}.${left}`), 'half');
    },
    countUnfinished: async key => (await temporaries(key)).length,
    remove: () => rm(root, { recursive: true }),
  };
}

const NO_LABELS = 'a local disk is backed up together with its database';

describeBlobStore('the file driver', makeUnderTest, { optOut: { labels: NO_LABELS, readWhole: NO_MEMORY } });
describeBlobStore('the file driver behind memory', behindMemory(makeUnderTest), { optOut: { labels: NO_LABELS } });

describe('the file driver on its disk', () => {
  const roots: string[] = [];
  const makeStore = async () => {
    const root = await makeRoot();
    roots.push(root);
    const store = makeFileStore({ root });
    await store.prepare();
    return { root, store };
  };
  afterAll(() => Promise.all(roots.map(root => rm(root, { recursive: true, force: true }))));

  it.each(['../../escape', '3f/../../escape', 'tmp/x', '3f', '3f/', '3f/a/b', '/3f/a'])(
    'refuses the key %s, which the gateway never makes',
    async key => {
      const { store } = await makeStore();
      const blob = { ...blobOf(Readable.from([Buffer.from('x')]), 1), key };
      expect(await rejection(store.put(blob))).toMatchObject({ failure: 'failed' });
      const opening = store.open(key, { range: null, signal: blob.signal });
      expect(await rejection(opening)).toMatchObject({ failure: 'failed' });
    },
  );

  it.each([
    ['check', (store: ReturnType<typeof makeFileStore>) => store.check()],
    ['put', (store: ReturnType<typeof makeFileStore>) => store.put(blobOf(Readable.from([Buffer.from('x')]), 1))],
    ['list', async (store: ReturnType<typeof makeFileStore>) => store.list(null)[Symbol.asyncIterator]().next()],
  ])('says unavailable of %s when the folder is gone', async (_method, call) => {
    const { root, store } = await makeStore();
    await rm(root, { recursive: true });
    expect(await rejection(call(store))).toMatchObject({ failure: 'unavailable' });
  });

  it('says no-space when the disk is full', async () => {
    // /dev/full answers ENOSPC to every write; the store's temporary folder cannot be made to point there, so the
    // mapping is proved on the error that the kernel gives.
    const { toFileFailure } = await import('../../src/blobs/file-failure.ts');
    const failure = toFileFailure(await rejection(writeFile('/dev/full', 'x')));
    expect(failure.failure).toBe('no-space');
  });

  it('says unavailable of each key that it cannot delete because the folder is gone', async () => {
    const { root, store } = await makeStore();
    await rm(root, { recursive: true });
    const [outcome] = await store.delete([newKey()]);
    expect(outcome?.error).toMatchObject({ failure: 'unavailable' });
  });

  describe('on a disk that cannot make a removal durable', () => {
    const { fsync } = fs;
    let synced: number[];
    let failing: number;
    const syncing = jest.spyOn(fs, 'fsync');
    const inodeOf = async (path: string) => (await stat(path)).ino;
    beforeEach(() => {
      synced = [];
      failing = Number.NaN;
      syncing.mockImplementation((descriptor, done) => {
        const { ino } = fs.fstatSync(descriptor);
        synced.push(ino);
        if (ino === failing) done(Object.assign(new Error('input/output error'), { code: 'EIO' }));
        else fsync(descriptor, done);
      });
    });
    afterAll(() => syncing.mockRestore());

    it('calls no key of the folder deleted, and tries each folder once', async () => {
      const { root, store } = await makeStore();
      const keys = ['3f/a', '3f/b', '4f/a', '3f/absent'];
      for (const key of keys.slice(0, 3)) await store.put({ ...blobOf(Readable.from([Buffer.from('x')]), 1), key });
      failing = await inodeOf(join(root, '3f'));
      synced = [];
      const outcomes = await store.delete(keys);
      expect(outcomes.map(({ error }) => error?.failure ?? null)).toEqual(['failed', 'failed', null, 'failed']);
      expect(synced).toEqual([failing, await inodeOf(join(root, '4f'))]);
    });

    it('does not call an upload abandoned', async () => {
      const { root, store } = await makeStore();
      failing = await inodeOf(join(root, 'tmp'));
      expect(await rejection(store.abandon(newKey()))).toMatchObject({ failure: 'failed' });
    });
  });

  it('puts into a folder that was removed behind its back, at the second try at the latest', async () => {
    const { root, store } = await makeStore();
    const key = newKey();
    const put = (chosen: string) => store.put({ ...blobOf(Readable.from([Buffer.from('x')]), 1), key: chosen });
    await put(key);
    await rm(join(root, key.slice(0, 2)), { recursive: true });
    const next = `${key.slice(0, 2)}/${newKey().slice(3)}`;
    expect(await rejection(put(next))).toMatchObject({ failure: 'unavailable' });
    await expect(put(next)).resolves.toMatchObject({ sizeBytes: 1 });
  });

  it('lists across folders of unequal names in byte order and ignores what is not its own', async () => {
    const { root, store } = await makeStore();
    for (const path of ['3f-/a', '3f/a', '3f/B', '3/z', 'tmp/x']) {
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(join(root, path), 'x');
    }
    await writeFile(join(root, '4a'), 'a file where a folder would be');
    const keys = [];
    for await (const { key } of store.list(null)) keys.push(key);
    expect(keys).toEqual(['3f-/a', '3f/a']);
    const rest = [];
    for await (const { key } of store.list('3f-/a')) rest.push(key);
    expect(rest).toEqual(['3f/a']);
  });

  it('keeps others on the machine out', async () => {
    const { root, store } = await makeStore();
    const blob = blobOf(Readable.from([Buffer.from('x')]), 1);
    await store.put(blob);
    expect((await stat(join(root, blob.key))).mode & 0o077).toBe(0);
  });
});
