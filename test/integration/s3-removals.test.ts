/** What the S3 driver makes of an engine that deletes otherwise than asked. */
import { makeAnsweringEngines, refuse } from '../support/answering-engine.ts';
import { rejection } from '../support/blobs.ts';

const engines = makeAnsweringEngines();
const { storeAgainst } = engines;
afterEach(() => engines.close());

describe('deleting where the engine does not take a batch', () => {
  it.each([400, 405, 501])('deletes one by one after %d', async status => {
    const { store, requests } = await storeAgainst((request, response, nth) => {
      if (request.method === 'POST') refuse(status, 'NotImplemented')(request, response, nth);
      else response.writeHead(request.url?.includes('/bad') ? 403 : 204).end();
    });
    const outcomes = await store.delete(['aa/good', 'aa/bad', 'aa/fine']);
    expect(outcomes.map(({ key, error }) => [key, error?.failure ?? null])).toEqual([
      ['aa/good', null],
      ['aa/bad', 'failed'],
      ['aa/fine', null],
    ]);
    expect(requests()).toBe(4);
  });

  it('tells the keys that a batch could not delete', async () => {
    const { store } = await storeAgainst((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'application/xml' });
      response.end(
        '<DeleteResult><Error><Key>aa/b</Key><Code>AccessDenied</Code></Error><Error><Key>aa/c</Key><Code>NoSuchKey</Code></Error></DeleteResult>',
      );
    });
    const outcomes = await store.delete(['aa/a', 'aa/b', 'aa/c']);
    expect(outcomes.map(({ error }) => error?.failure ?? null)).toEqual([null, 'failed', null]);
  });

  it.each([
    ['without a key', ''],
    ['of a key that was not asked about', '<Key>other</Key>'],
  ])('asks key by key where the answer tells of an error %s', async (_case, named) => {
    const { store } = await storeAgainst((request, response) => {
      request.resume();
      if (request.method === 'DELETE') response.writeHead(request.url?.includes('/bad') ? 403 : 204).end();
      else {
        const document = `<DeleteResult><Error>${named}<Code>AccessDenied</Code></Error></DeleteResult>`;
        response.writeHead(200, { 'content-type': 'application/xml' }).end(document);
      }
    });
    const outcomes = await store.delete(['aa/good', 'aa/bad']);
    expect(outcomes.map(({ error }) => error?.failure ?? null)).toEqual([null, 'failed']);
  });

  it('says unavailable of the whole batch when the engine is away', async () => {
    const { store } = await storeAgainst(refuse(503, 'SlowDown'));
    expect(await rejection(store.delete(['aa/a']))).toMatchObject({ failure: 'unavailable' });
  });
});
