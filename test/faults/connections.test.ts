/** One database connection for everybody, while one client sends and another reads as slowly as they please. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { type Gateway, SERVICE_TOKEN, STORES, startGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { digest, send } from './door.ts';

const LARGE = Buffer.alloc(24 * 1024 * 1024, 'far more than all the buffers on the way hold ');
const HEADERS = { authorization: `Bearer ${SERVICE_TOKEN}`, 'content-type': 'text/plain' };

describe.each(STORES)('with a single database connection, on the %s store', store => {
  let gateway: Gateway;
  const token = SERVICE_TOKEN;

  beforeAll(async () => {
    gateway = await startGateway({ store, env: { DATABASE_POOL_SIZE: '1' } });
    await send(gateway.url, 'POST', '/bucket', { token, json: { name: 'b' } });
    await send(gateway.url, 'POST', '/object/b/large', { token, body: new Uint8Array(LARGE) });
  });
  afterAll(() => gateway.stop());

  /** Has sent its first bytes, has its entry in the ledger, and sends no more until told. */
  async function beginUpload(): Promise<{ upload: ClientRequest; reply: Promise<IncomingMessage> }> {
    const upload = request(`${gateway.url}/object/b/slow`, { method: 'POST', headers: HEADERS });
    const reply = new Promise<IncomingMessage>((resolve, reject) => {
      upload.on('response', resolve).on('error', reject);
    });
    upload.write('the first bytes, ');
    await until('the ledger entry of the slow upload', async () => {
      const [row] = await gateway.db.sql(`select from sluice.blobs where state = 'pending'`);
      return row !== undefined;
    });
    return { upload, reply };
  }

  /** Has the head of its reply and reads no byte of the body until told. */
  function beginDownload(): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      request(`${gateway.url}/object/authenticated/b/large`, { headers: HEADERS })
        .on('response', resolve)
        .on('error', reject)
        .end();
    });
  }

  it('No database connection is held while object bytes move.', async () => {
    const { upload, reply } = await beginUpload();
    const download = await beginDownload();

    const others = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        send(gateway.url, 'POST', `/object/b/other-${n}`, { token, body: new Uint8Array(Buffer.from('quick')) }),
      ),
    );
    expect(others.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const busy = await gateway.db.sql(
      `select state, query from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`,
    );
    expect(busy).toEqual([]);
    expect(gateway.app.core.database.gauges()).toMatchObject({ total: 1, idle: 1, waiting: 0 });

    upload.end('and the last.');
    expect((await reply).statusCode).toBe(200);
    const chunks: Buffer[] = [];
    for await (const chunk of download) chunks.push(chunk as Buffer);
    expect(digest(Buffer.concat(chunks))).toBe(digest(LARGE));
  });
});
