/** The official JavaScript client drives every method it has against a whole gateway, on every store. */
import { StorageClient } from '@supabase/storage-js';
import { type Gateway, SERVICE_TOKEN, STORES, startGateway, tokenFor } from '../support/gateway.ts';
import { ALICE } from '../support/scopes.ts';

describe.each(STORES)('storage-js on the %s store', store => {
  let gateway: Gateway;
  let service: StorageClient;
  const client = (token: string) =>
    new StorageClient(`${gateway.url}/storage/v1`, { authorization: `Bearer ${token}` });

  beforeAll(async () => {
    gateway = await startGateway({ store });
    service = client(SERVICE_TOKEN);
  });
  afterAll(() => gateway.stop());

  it('creates, lists, reads, updates, empties and deletes a bucket', async () => {
    expect(
      (await service.createBucket('life', { public: false, fileSizeLimit: '1kb', allowedMimeTypes: ['text/*'] })).data,
    ).toEqual({ name: 'life' });
    expect((await service.listBuckets()).data?.map(bucket => bucket.id)).toContain('life');
    expect((await service.getBucket('life')).data).toMatchObject({
      id: 'life',
      public: false,
      file_size_limit: 1000,
      allowed_mime_types: ['text/*'],
    });
    expect((await service.updateBucket('life', { public: true })).data).toEqual({ message: 'Successfully updated' });
    expect((await service.getBucket('life')).data).toMatchObject({ public: true });
    await service.from('life').upload('a.txt', 'hello', { contentType: 'text/plain' });
    expect((await service.deleteBucket('life')).error).toMatchObject({ statusCode: '409' });
    expect((await service.emptyBucket('life')).data).toEqual({ message: 'Successfully emptied' });
    expect((await service.deleteBucket('life')).data).toEqual({ message: 'Successfully deleted' });
    expect((await service.getBucket('life')).error).toMatchObject({ statusCode: '404' });
  });

  it('uploads, updates, downloads, inspects and removes objects', async () => {
    await service.createBucket('files', { public: false });
    const files = service.from('files');
    const uploaded = await files.upload('folder/cat.txt', 'miaow', {
      contentType: 'text/plain',
      metadata: { mood: 'hungry' },
    });
    expect(uploaded.data).toMatchObject({ path: 'folder/cat.txt', fullPath: 'files/folder/cat.txt' });
    expect((await files.upload('folder/cat.txt', 'again')).error).toMatchObject({ statusCode: '409' });
    expect(
      (
        await files.upload('folder/cat.txt', 'purr', {
          upsert: true,
          contentType: 'text/plain',
          metadata: { mood: 'fed' },
        })
      ).data?.id,
    ).toBe(uploaded.data?.id);
    expect(
      (
        await files.update('folder/cat.txt', new Blob(['purr!'], { type: 'text/plain' }), {
          metadata: { mood: 'full' },
        })
      ).error,
    ).toBeNull();
    expect(await (await files.download('folder/cat.txt')).data?.text()).toBe('purr!');
    expect((await files.info('folder/cat.txt')).data).toMatchObject({
      size: 5,
      contentType: 'text/plain',
      metadata: { mood: 'full' },
    });
    expect((await files.exists('folder/cat.txt')).data).toBe(true);
    expect((await files.exists('folder/dog.txt')).data).toBe(false);
    expect((await files.list('folder')).data?.map(entry => entry.name)).toEqual(['cat.txt']);
    expect((await files.list()).data).toMatchObject([{ name: 'folder', id: null }]);
    expect((await files.listV2({ with_delimiter: true })).data?.folders).toMatchObject([
      { name: 'folder/', key: 'folder' },
    ]);
    expect((await files.copy('folder/cat.txt', 'copy.txt')).data).toEqual({ path: 'files/copy.txt' });
    expect((await files.move('copy.txt', 'moved.txt')).data).toEqual({ message: 'Successfully moved' });
    expect((await files.remove(['moved.txt', 'nothing.txt'])).data?.map(row => row.name)).toEqual(['moved.txt']);
  });

  it('shares by signed links, for one, for many, and for upload', async () => {
    await service.createBucket('shared', { public: false });
    const shared = service.from('shared');
    await shared.upload('ein Bericht ü.txt', 'secret', { contentType: 'text/plain' });
    const { data: link } = await shared.createSignedUrl('ein Bericht ü.txt', 60);
    // The client's own `download` option encodes the file name twice, so the name is appended here.
    const reply = await fetch(`${link?.signedUrl}&download=${encodeURIComponent('Übersicht.txt')}`);
    expect(await reply.text()).toBe('secret');
    expect(reply.headers.get('content-disposition')).toContain("filename*=UTF-8''%C3%9Cbersicht.txt");
    const { data: many } = await shared.createSignedUrls(['ein Bericht ü.txt', 'absent'], 60);
    expect(many?.map(one => one.error)).toEqual([
      null,
      'Either the object does not exist or you do not have access to it',
    ]);
    const { data: upload } = await shared.createSignedUploadUrl('in.txt');
    expect((await shared.uploadToSignedUrl('in.txt', upload?.token ?? '', 'from outside')).data).toMatchObject({
      path: 'in.txt',
    });
    expect(await (await shared.download('in.txt')).data?.text()).toBe('from outside');
    expect((await shared.uploadToSignedUrl('other.txt', upload?.token ?? '', 'x')).error).toMatchObject({
      statusCode: '400',
    });
  });

  it('serves a public bucket to everybody', async () => {
    await service.createBucket('open', { public: true });
    await service.from('open').upload('a b.txt', 'for all', { contentType: 'text/plain' });
    const { data } = service.from('open').getPublicUrl('a b.txt');
    expect(await (await fetch(data.publicUrl)).text()).toBe('for all');
    expect((await client(tokenFor('authenticated', ALICE)).from('open').download('a b.txt')).error).toBeNull();
  });
});
