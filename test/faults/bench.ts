/** Runs one write path with one fault on a gateway, lets the sweeper pass, and judges what is left. */

import type { FaultLine, Moment, PlannedFault } from '../support/fault-line.ts';
import { type Gateway, SERVICE_TOKEN } from '../support/gateway.ts';
import { type Contents, expectAgreement, readEverything, sweep, unfinishedUploads } from './agreement.ts';
import { digest, type Got, isAcknowledged, isRefused, send } from './door.ts';
import type { WritePath } from './write-paths.ts';

export interface Bench {
  readonly gateway: Gateway;
  /** Where faults are made. */
  readonly line: Pick<FaultLine, 'arm' | 'disarm'>;
  /** The keys that the path under test has written to. */
  readonly keys: ReadonlySet<string>;
}

export interface Run {
  readonly got: Got;
  readonly steps: string[];
  readonly before: Contents;
  readonly after: Contents;
}

/** Signed-in users may do everything in the buckets `one`, `two` and `home`. */
export async function furnish({ db, url }: Gateway): Promise<void> {
  for (const table of ['objects', 'buckets']) {
    await db.sql(`create policy everything on storage.${table} to authenticated using (true) with check (true)`);
  }
  await db.sql(`insert into storage.permits (name, meaning) values ('home-tree', 'enters') on conflict do nothing`);
  await db.sql('create policy everywhere on storage.permits for select to authenticated using (true)');
  for (const name of ['one', 'two', 'home']) {
    await send(url, 'POST', '/bucket', { token: SERVICE_TOKEN, json: { name } });
  }
}

/** From the given objects through the path with its fault, to what is left once the sweeper has passed. */
export async function run({ gateway, line }: Bench, path: WritePath, fault: PlannedFault | null): Promise<Run> {
  const { db, url } = gateway;
  await db.sql('delete from storage.objects');
  await db.sql('delete from sluice.revoked_tokens');
  for (const [address, bytes] of Object.entries(path.given)) {
    await send(url, 'POST', `/object/${address}`, { token: SERVICE_TOKEN, body: new Uint8Array(bytes) });
  }
  const prepared = (await path.prepare?.(gateway)) ?? '';
  const observe = async () => (await path.observe?.(gateway, prepared)) ?? {};
  const given = Object.fromEntries(Object.entries(path.given).map(([address, bytes]) => [address, digest(bytes)]));
  const before = { ...(path.before ?? given), ...(await observe()) };
  line.arm(fault);
  const got = await path.act(gateway, prepared);
  const steps = line.disarm();
  const unswept = await rowsOf(gateway);
  await sweep(gateway);
  expect(await rowsOf(gateway)).toEqual(unswept);
  return { got, steps, before, after: { ...(await readEverything(gateway)), ...(await observe()) } };
}

/** Fails each of the steps in turn: what was acknowledged is there, what was not has happened whole or not at all. */
export async function failEveryStep(
  bench: Bench,
  path: WritePath,
  { steps, moment }: { steps: readonly string[]; moment: Moment },
): Promise<void> {
  expect(steps.length).toBeGreaterThan(0);
  for (const [step, name] of steps.entries()) {
    const { got, before, after } = await run(bench, path, { step, moment });
    const where = `${moment} step ${step} (${name}), which was answered with ${got.status}`;
    // From a crash on, nothing can be taken back: a step before it may have been the decisive one.
    const isUndone = isRefused(got) || moment === 'before';
    const done = path.withoutCourtesy === undefined ? [path.becomes] : [path.becomes, path.withoutCourtesy];
    const failed = isUndone ? [before] : [before, ...done];
    const allowed = isAcknowledged(got) ? done : failed;
    const verdict = allowed.some(contents => sameAs(contents, after)) ? 'whole' : after;
    expect({ where, verdict }).toEqual({ where, verdict: 'whole' });
    await expectIntact(bench);
  }
}

/** Rows, ledger and store name the same bytes, and nothing is left unfinished. */
export async function expectIntact({ gateway, keys }: Bench): Promise<void> {
  await expectAgreement(gateway);
  expect(await unfinishedUploads(gateway, keys)).toEqual([]);
}

function rowsOf({ db }: Gateway) {
  return db.sql('select bucket_id, name, version, metadata from storage.objects order by 1, 2');
}

function sameAs(one: Contents, other: Contents): boolean {
  const sorted = (contents: Contents) => JSON.stringify(Object.entries(contents).sort());
  return sorted(one) === sorted(other);
}
