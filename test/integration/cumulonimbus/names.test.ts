/** The public names of new files, below HTTP: a name that is taken is made anew. */
import { Readable } from 'node:stream';
import { uploadFile } from '../../../src/operations/upload-file.ts';
import { PLAIN_RECORD } from '../../support/plain-record.ts';
import { ALICE, scopeOf, user } from '../../support/scopes.ts';
import { startUploads, type UploadsGateway } from '../../support/uploads.ts';

let uploads: UploadsGateway;
beforeAll(async () => {
  uploads = await startUploads();
});
afterAll(() => uploads.gateway.stop());

/** Uploads as Alice; random stems are taken from the list. */
function upload(stems: string[], more: object = {}) {
  const body = Readable.from([Buffer.from('some text')], { objectMode: false });
  return uploadFile(uploads.gateway.app.core, scopeOf(user(ALICE), { operation: 'uploads.upload' }), {
    body,
    originalName: 'note.txt',
    declaredType: 'text/plain',
    fileName: null,
    record: PLAIN_RECORD,
    complete: Promise.resolve(),
    makeStem: () => stems.shift() ?? 'none-left',
    ...more,
  });
}

it('makes a random name anew where it is taken, and stores the bytes once', async () => {
  expect((await upload(['taken00000'])).name).toBe('taken00000.txt');
  const { name, fileId } = await upload(['taken00000', 'taken00000', 'free000000']);
  expect(name).toBe('free000000.txt');
  expect(fileId).toBeGreaterThan(0);
  const { app, db } = uploads.gateway;
  await app.sweeper.run();
  expect(await db.sql('select name from storage.objects order by name')).toHaveLength(2);
  expect(await db.sql('select state from sluice.blobs')).toEqual([{ state: 'live' }, { state: 'live' }]);
});

it('gives up a random name that is taken five times', async () => {
  await upload(['busy000000']);
  await expect(upload(Array(9).fill('busy000000'))).rejects.toMatchObject({ code: 'object-exists' });
});

it('refuses a chosen name that is taken', async () => {
  const chosen = { fileName: 'chosen.name.png' };
  expect((await upload([], chosen)).name).toBe('chosen.txt');
  await expect(upload([], chosen)).rejects.toMatchObject({ code: 'object-exists' });
});

it.each([
  ['UUID', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.txt$/],
  ['DATE', /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.txt$/],
  ['NAME', /^note\.txt$/],
] as const)('makes names by the format %s', async (format, pattern) => {
  expect((await upload([], { record: { ...PLAIN_RECORD, format } })).name).toMatch(pattern);
});

it('keeps nothing of a request that turns out to be faulty behind the bytes', async () => {
  const complete = Promise.reject(new Error('the form was cut short'));
  await expect(upload(['late000000'], { complete })).rejects.toThrow('the form was cut short');
  expect(await uploads.gateway.db.sql(`select from storage.objects where name = 'late000000.txt'`)).toEqual([]);
});
