/**
 * Pages of a bucket with a million objects, nested and flat, as an ordinary user under the owner-only policy and as
 * service_role, which no policy touches. Over HTTP, one page at a time.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeCursor, type SortColumn, type SortOrder } from '../../../src/domain/listing.ts';
import { packageRoot } from '../../../src/package-root.ts';
import { ALICE } from '../../support/scopes.ts';
import { alternate, type Way } from '../harness/alternate.ts';
import type { Bench } from '../harness/bench.ts';
import { runLoad } from '../harness/load.ts';
import type { Case, Goal } from '../harness/report.ts';
import type { Stack } from '../harness/stack.ts';

const PAGE_SIZE = 100;
const PAGES = 20;
const LONGEST_SECONDS = 30;
/** Of DESIGN §10. */
const PAGE_MS = 10;

interface Page {
  readonly name: string;
  readonly path: string;
  readonly body: object;
  /** Judged against the goal; else its cost grows with what lies directly under the prefix, or with the offset. */
  readonly judged: boolean;
}

export const listMillion: Bench = {
  question: 'Does a page of a million objects cost the same wherever it stands, and how much of it is the policy?',
  unit: 'page',
  async ask(stack, { rounds, rows }) {
    await withoutIndexes(stack, async () => {
      await fillBucket(stack, 'nested', rows);
      await fillBucket(stack, 'flat', rows);
    });
    await stack.sql('vacuum analyze storage.objects');
    const cases: Case[] = [];
    const goals: Goal[] = [];
    for (const page of await pagesOf(stack, rows)) {
      const ways = await alternate(stack, { ways: waysTo(stack, page), rounds: page.judged ? rounds : 1 });
      cases.push({ name: page.name, ways });
      if (!page.judged) continue;
      const value = ways.find(way => way.name === 'ordinary')?.p50Ms ?? null;
      goals.push({ what: `${page.name}, under RLS`, value, bound: 'at most', limit: PAGE_MS, unit: 'ms' });
    }
    return { cases, goals };
  },
};

/** Without triggers and foreign keys, which say nothing about listings. */
async function fillBucket(stack: Stack, bucket: 'nested' | 'flat', rows: number): Promise<void> {
  await stack.createBucket(bucket, 'private');
  await stack.keepPrivate(bucket);
  const text = await readFile(join(packageRoot(), 'test', 'bench', 'list-million', 'rows.sql'), 'utf8');
  await stack.sql('set session_replication_role = replica');
  await stack.sql(text, [bucket, rows, ALICE, bucket === 'nested']);
  await stack.sql('reset session_replication_role');
}

/** Takes the indexes away while `fill` runs: building them afterwards takes seconds, keeping them up takes minutes. */
async function withoutIndexes(stack: Stack, fill: () => Promise<void>): Promise<void> {
  const indexes = await stack.sql(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as text from pg_index
      where indrelid = 'storage.objects'::regclass and not exists (select from pg_constraint where conindid = indexrelid)`,
  );
  for (const { name } of indexes) await stack.sql(`drop index ${name}`);
  await fill();
  for (const { text } of indexes) await stack.sql(String(text));
}

function waysTo(stack: Stack, page: Page): Way[] {
  const way = (name: string, token: string): Way => ({
    name,
    throughGateway: true,
    run: () =>
      runLoad({
        origin: stack.gateway.url,
        connections: 1,
        seconds: LONGEST_SECONDS,
        maxRequests: page.judged ? PAGES : 1,
        next: () => ({
          method: 'POST',
          path: page.path,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(page.body),
        }),
        // Headers and an entry: a leaf of a trial with few rows holds no more.
        replyBytes: 500,
      }),
  });
  return [way('service_role', stack.tokens.service), way('ordinary', stack.tokens.alice)];
}

interface Row {
  readonly name: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** The object at nine tenths of the bucket in an order, as a cursor needs it. */
async function deepRow(stack: Stack, bucket: string, order: string, rows: number): Promise<Row> {
  const [row] = await stack.sql(
    `select name, created_at::text, updated_at::text from storage.objects where bucket_id = $1
      order by ${order} offset $2 limit 1`,
    [bucket, Math.floor(rows * 0.9)],
  );
  if (row === undefined) throw new Error(`the bucket ${bucket} is empty`);
  return row as unknown as Row;
}

async function pagesOf(stack: Stack, rows: number): Promise<Page[]> {
  const nested = await deepRow(stack, 'nested', 'name', rows);
  const leaf = nested.name.slice(0, nested.name.lastIndexOf('/') + 1);
  const top = nested.name.slice(0, nested.name.indexOf('/') + 1);
  const v1 = (name: string, bucket: string, body: object, judged = true): Page => ({
    name: `${bucket}, v1, ${name}`,
    path: `/object/list/${bucket}`,
    body: { prefix: '', limit: PAGE_SIZE, ...body },
    judged,
  });
  const byTime = (column: SortColumn, order: SortOrder = 'asc') => ({ sortBy: { column, order } });
  return [
    ...(await walkPages(stack, 'nested', rows)),
    v1('first page', 'nested', {}),
    v1('leaf folder', 'nested', { prefix: leaf }),
    v1('leaf folder by updated_at', 'nested', { prefix: leaf, ...byTime('updated_at') }),
    v1('leaf folder by last_accessed_at', 'nested', { prefix: leaf, ...byTime('last_accessed_at', 'desc') }),
    v1('folder of folders by created_at', 'nested', { prefix: top, ...byTime('created_at') }),
    ...(await walkPages(stack, 'flat', rows)),
    v1('first page', 'flat', {}),
    v1('offset at 9/10', 'flat', { offset: Math.floor(rows * 0.9) }, false),
    v1('by updated_at', 'flat', byTime('updated_at'), false),
  ];
}

const ORDERS: readonly SortOrder[] = ['asc', 'desc'];

/** v2: the first page and the one behind nine tenths, in every order, with and without delimiter. */
async function walkPages(stack: Stack, bucket: 'nested' | 'flat', rows: number): Promise<Page[]> {
  const pages: Page[] = [];
  const columns = ['name', 'created_at', 'updated_at'] as const;
  for (const column of columns) {
    for (const order of ORDERS) {
      const row = await deepRow(
        stack,
        bucket,
        column === 'name' ? `name ${order}` : `${column} ${order}, name ${order}`,
        rows,
      );
      const time = column === 'name' ? null : row[column];
      // By time, one level of the flat bucket is the whole bucket, sorted; one such page is measured below.
      for (const delimited of column !== 'name' && bucket === 'flat' ? [false] : [false, true]) {
        const v2 = (name: string, cursor: string | null): Page => ({
          name: `${bucket}, v2${delimited ? ' /' : ''}, ${column} ${order}, ${name}`,
          path: `/object/list-v2/${bucket}`,
          body: {
            limit: PAGE_SIZE,
            with_delimiter: delimited,
            sortBy: { column, order },
            ...(cursor === null ? {} : { cursor }),
          },
          judged: true,
        });
        pages.push(v2('first', null));
        if (delimited && bucket === 'nested') continue;
        const cursor = encodeCursor({ name: row.name, isFolder: false, column, order, time });
        pages.push(v2('at 9/10', cursor));
      }
    }
  }
  return pages;
}
