/** A gateway whose round trips to Postgres and calls to the S3 server are counted on the wire. */
import { countRoundTrips, countS3Calls } from './counting-proxies.ts';
import { type Gateway, HAS_S3, startGateway } from './gateway.ts';
import { cloneTestDatabase, type TestDatabase } from './test-database.ts';

export interface Counted {
  readonly postgres: number;
  /** The methods; null over the file driver. */
  readonly s3: string[] | null;
}

export interface CountedGateway {
  readonly gateway: Gateway;
  readonly db: TestDatabase;
  /** Does it once to warm the connection, then counts the second time. */
  count(act: (turn: number) => Promise<Response>, statuses?: readonly number[]): Promise<Counted>;
  /** What `count` gives for so many of each. */
  expected(roundTrips: number, calls: string[]): Counted;
  stop(): Promise<void>;
}

/** Over S3 where there is one. With one connection, so that what is prepared once is prepared for all. */
export async function startCountedGateway(env: Readonly<Record<string, string>> = {}): Promise<CountedGateway> {
  const db = await cloneTestDatabase();
  const postgres = await countRoundTrips(db.target);
  const s3 = HAS_S3 ? await countS3Calls(process.env.TEST_S3_ENDPOINT ?? '') : null;
  const gateway = await startGateway({
    store: s3 === null ? 'file' : 's3',
    wrapTarget: () => postgres.target,
    env: {
      DATABASE_POOL_SIZE: '1',
      BLOB_CACHE_SIZE: '0',
      ...(s3 === null ? {} : { S3_ENDPOINT: s3.endpoint }),
      ...env,
    },
    database: db,
  });
  return {
    gateway,
    db,
    async count(act, statuses = [200]) {
      await act(0);
      postgres.take();
      s3?.take();
      const reply = await act(1);
      expect(statuses).toContain(reply.status);
      return { postgres: postgres.take(), s3: s3 === null ? null : s3.take() };
    },
    expected: (roundTrips, calls) => ({ postgres: roundTrips, s3: s3 === null ? null : calls }),
    async stop() {
      await gateway.stop();
      await postgres.stop();
      await s3?.stop();
      await db.drop();
    },
  };
}
