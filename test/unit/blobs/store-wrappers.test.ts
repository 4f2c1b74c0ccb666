/** The wrappers over a BlobStore that does nothing but count. */
import { Readable } from 'node:stream';
import { type BlobStore, BlobStoreError } from '../../../src/blobs/blob-store.ts';
import { type Fault, makeFaultyStore } from '../../../src/blobs/faulty-store.ts';
import { type BlobCall, makeMeasuredStore } from '../../../src/blobs/measured-store.ts';

function makeCountingStore() {
  const done: string[] = [];
  const stream = Readable.from(['bytes']);
  const note = async <T>(method: string, result: T): Promise<T> => {
    done.push(method);
    return result;
  };
  const store: BlobStore = {
    kind: 'file',
    put: () => note('put', { sizeBytes: 1, md5: 'm' }),
    open: () => note('open', stream),
    stat: () => note('stat', { sizeBytes: 1, labels: null }),
    delete: keys =>
      note(
        'delete',
        keys.map(key => ({ key, error: null })),
      ),
    abandon: () => note('abandon', undefined),
    async *list() {
      done.push('list');
      yield { key: 'aa/b', sizeBytes: 1, modifiedAt: new Date(0) };
    },
    check: () => note('check', undefined),
    prepare: () => note('prepare', undefined),
    close: () => note('close', undefined),
  };
  return { store, done, stream };
}

const signal = new AbortController().signal;

describe('a faulty store', () => {
  const faults: readonly [Fault['when'], string, readonly string[]][] = [
    ['before', 'no-space', []],
    ['after', 'no-space', ['delete']],
    ['answer-lost', 'unavailable', ['delete']],
  ];
  it.each(faults)('fails %s the work with %s', async (when, failure, expected) => {
    const { store, done } = makeCountingStore();
    const faulty = makeFaultyStore(store, [{ method: 'delete', nth: 1, when, failure: 'no-space' }]);
    await expect(faulty.delete(['aa/b'])).rejects.toMatchObject({ failure });
    expect(done).toEqual(expected);
  });

  it('fails only the call that was chosen', async () => {
    const { store, done } = makeCountingStore();
    const faulty = makeFaultyStore(store, [{ method: 'abandon', nth: 2, when: 'before' }]);
    await faulty.abandon('aa/b');
    await expect(faulty.abandon('aa/b')).rejects.toMatchObject({ failure: 'failed' });
    await faulty.abandon('aa/b');
    expect(done).toEqual(['abandon', 'abandon']);
  });

  it('destroys the stream of an open that fails after its work', async () => {
    const { store, stream } = makeCountingStore();
    const faulty = makeFaultyStore(store, [{ method: 'open', nth: 1, when: 'answer-lost' }]);
    await expect(faulty.open('aa/b', { range: null, signal })).rejects.toMatchObject({ failure: 'unavailable' });
    expect(stream.destroyed).toBe(true);
  });

  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('fails a listing %s its keys', async (when, expected) => {
    const faulty = makeFaultyStore(makeCountingStore().store, [{ method: 'list', nth: 1, when }]);
    const keys: string[] = [];
    const listing = (async () => {
      for await (const { key } of faulty.list(null)) keys.push(key);
    })();
    await expect(listing).rejects.toMatchObject({ failure: 'failed' });
    expect(keys).toHaveLength(expected);
  });
});

describe('a measured store', () => {
  it('has what the store behind it has, and nothing more', async () => {
    const { store } = makeCountingStore();
    const whole = {
      ...store,
      readWhole: () => Buffer.from('bytes'),
      presignDownload: async () => 'down',
      presignUpload: async () => null,
      locate: async () => '/aa/b',
      copy: async () => ({ sizeBytes: 1, md5: 'm' }),
    } satisfies BlobStore;
    for (const each of [store, whole])
      expect(Object.keys(makeMeasuredStore(each, () => {})).sort()).toEqual(Object.keys(each).sort());
  });

  it('reports every call once, with how it ended', async () => {
    const { store } = makeCountingStore();
    const calls: BlobCall[] = [];
    const absent = async () => Promise.reject(new BlobStoreError('absent', 'gone'));
    const stopped = async () => Promise.reject(new RangeError('the sender failed'));
    const measured = makeMeasuredStore({ ...store, stat: absent, put: stopped }, call => calls.push(call));
    await measured.check();
    await expect(measured.stat('aa/b')).rejects.toMatchObject({ failure: 'absent' });
    const labels = { bucket: 'b', name: 'n', owner: null, contentType: 'a/b' };
    const put = measured.put({ key: 'aa/b', body: Readable.from([]), sizeBytes: 0, labels, signal });
    await expect(put).rejects.toBeInstanceOf(RangeError);
    for await (const _blob of measured.list(null)) break;
    expect(calls.map(({ method, failure }) => [method, failure])).toEqual([
      ['check', null],
      ['stat', 'absent'],
      ['put', 'aborted'],
      ['list', null],
    ]);
    for (const { seconds } of calls) expect(seconds).toBeGreaterThanOrEqual(0);
  });
});
