/** Ways at the bucket API to files that are protected at their own address: signed links, and a bucket that is public. */
import { cheapHash } from '../../support/accounts.ts';
import type { Call } from '../../support/call.ts';
import type { Gateway } from '../../support/gateway.ts';
import { ALICE_TOKEN, BOB_TOKEN, type FileToPut, putFile, startUploads } from '../../support/uploads.ts';

const GONE = [400, { statusCode: '404', error: 'not_found', message: 'Object not found', code: 'NoSuchKey' }];
const FUTURE = new Date(Date.now() + 3_600_000);

let gateway: Gateway;
let call: Call;
beforeAll(async () => {
  ({ gateway, call } = await startUploads());
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  await gateway.db.sql('delete from storage.objects');
  await gateway.db.sql(`update storage.buckets set public = false`);
});

/** What ends a file before the sweeper comes. */
const ENDS = [
  ['its last view', 'update sluice.files set max_views = 1, views = 1, viewed_at = now()'],
  ['its time', `update sluice.files set expires_at = now() - interval '1 second'`],
] as const;

describe('a link that the owner signed', () => {
  const sign = async (name: string) => {
    const { json } = await call('POST', `/object/sign/uploads/${name}`, {
      token: ALICE_TOKEN,
      json: { expiresIn: 60 },
    });
    return (json as { signedURL: string }).signedURL;
  };

  it.each(ENDS)('gives nothing any more after %s', async (_, end) => {
    await putFile(gateway, 'a.txt');
    const url = await sign('a.txt');
    expect((await call('GET', url)).text).toBe('the bytes of a.txt');
    await gateway.db.sql(end);
    const reply = await call('GET', url);
    expect([reply.status, reply.json]).toEqual(GONE);
  });

  it('gives the file as the owner has it: without a password, and without taking a view', async () => {
    await putFile(gateway, 'a.txt', { passwordHash: cheapHash('sesame'), maxViews: 1 });
    const url = await sign('a.txt');
    for (const _ of [1, 2]) expect((await call('GET', url)).text).toBe('the bytes of a.txt');
    expect((await call('GET', '/u/a.txt?password=sesame')).text).toBe('the bytes of a.txt');
  });
});

describe('a public bucket', () => {
  const PUBLIC = '/object/public/uploads/a.txt';
  const WAYS = [
    ['anybody', 'GET', PUBLIC, undefined],
    ['anybody who asks for what is known of it', 'GET', '/object/info/public/uploads/a.txt', undefined],
    ['another user', 'GET', '/object/uploads/a.txt', BOB_TOKEN],
  ] as const;
  const GUARDS: readonly (readonly [string, FileToPut])[] = [
    ['with a password', { passwordHash: cheapHash('sesame') }],
    ['with a limit of views', { maxViews: 5 }],
    ['whose time is up', { expiresAt: new Date('2020-01-01T00:00:00Z') }],
  ];
  const publish = () => gateway.db.sql(`update storage.buckets set public = true where id = 'uploads'`);

  it.each(WAYS.flatMap(([who, ...way]) => GUARDS.map(([what, file]) => [who, what, file, way] as const)))(
    'does not give %s a file %s',
    async (_who, _what, file, [method, path, token]) => {
      await putFile(gateway, 'a.txt', file);
      await publish();
      const reply = await call(method, path, { token });
      expect([reply.status, reply.json]).toEqual(GONE);
    },
  );

  it.each(WAYS)('gives %s any other file, also one whose time will come', async (_, method, path, token) => {
    await putFile(gateway, 'a.txt', { expiresAt: FUTURE });
    await publish();
    expect((await call(method, path, { token })).status).toBe(200);
  });
});
