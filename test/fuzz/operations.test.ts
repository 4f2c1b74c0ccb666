/**
 * Random operations by three callers at once against a model of the store. Each caller works in a folder of its own, so
 * that every answer is known whatever the others do meanwhile; all of them share one bucket, one ledger and the sweeper,
 * which runs among them. A failing seed is printed by fast-check.
 */
import fc from 'fast-check';
import { addBucket } from '../support/bucket-fixtures.ts';
import { type Call, makeCall } from '../support/call.ts';
import { type Gateway, SERVICE_TOKEN, startGateway } from '../support/gateway.ts';

const CALLERS = ['x', 'y', 'z'] as const;
const RUNS = 60;
const token = SERVICE_TOKEN;

type Operation =
  | { readonly kind: 'upload' | 'upsert'; readonly name: string; readonly body: string }
  | { readonly kind: 'delete' | 'download'; readonly name: string }
  | { readonly kind: 'move' | 'copy'; readonly name: string; readonly to: string }
  | { readonly kind: 'bulk' | 'list'; readonly name: string; readonly names: readonly string[] };

const nameOf = fc.constantFrom('a', 'b', 'c', 'd/e');
const operationOf: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constantFrom('upload' as const, 'upsert' as const), name: nameOf, body: fc.string() }),
  fc.record({ kind: fc.constantFrom('delete' as const, 'download' as const), name: nameOf }),
  fc.record({ kind: fc.constantFrom('move' as const, 'copy' as const), name: nameOf, to: nameOf }),
  fc.record({ kind: fc.constantFrom('bulk' as const, 'list' as const), name: nameOf, names: fc.array(nameOf) }),
);
const scripts = fc.tuple(...CALLERS.map(() => fc.array(operationOf, { minLength: 5, maxLength: 15 })));

describe('operations of several callers at once', () => {
  let gateway: Gateway;
  let call: Call;

  beforeAll(async () => {
    gateway = await startGateway();
    call = makeCall(gateway.url);
    await addBucket(gateway, 'b');
  });
  afterAll(() => gateway.stop());

  async function storedKeys(): Promise<string[]> {
    const keys: string[] = [];
    for await (const blob of gateway.app.core.blobs.list(null)) keys.push(blob.key);
    return keys.sort();
  }

  /** Does it, and says whether the answer is the model's; the model then holds what it must hold afterwards. */
  async function perform(caller: string, operation: Operation, model: Map<string, string>): Promise<void> {
    const { kind } = operation;
    const name = `${caller}/${operation.name}`;
    const had = model.get(name);
    if (kind === 'upload' || kind === 'upsert') {
      const headers = { 'x-upsert': String(kind === 'upsert') };
      const { status } = await call('POST', `/object/b/${name}`, { token, headers, body: operation.body });
      const stores = had === undefined || kind === 'upsert';
      expect({ kind, stored: status === 200 }).toEqual({ kind, stored: stores });
      if (stores) model.set(name, operation.body);
    } else if (kind === 'delete') {
      const { status } = await call('DELETE', `/object/b/${name}`, { token });
      expect({ kind, deleted: status === 200 }).toEqual({ kind, deleted: had !== undefined });
      model.delete(name);
    } else if (kind === 'download') {
      const reply = await call('GET', `/object/authenticated/b/${name}`, { token });
      expect(reply.status === 200 ? reply.text : undefined).toBe(had);
    } else if (kind === 'move' || kind === 'copy') {
      const to = `${caller}/${operation.to}`;
      const json = { bucketId: 'b', sourceKey: name, destinationKey: to };
      const { status } = await call('POST', `/object/${kind}`, { token, json });
      // Onto itself: the name stays as it was, whichever the answer.
      if (to === name) return;
      const free = had !== undefined && !model.has(to);
      expect({ kind, done: status === 200 }).toEqual({ kind, done: free });
      if (!free || had === undefined) return;
      model.set(to, had);
      if (kind === 'move') model.delete(name);
    } else if (kind === 'bulk') {
      const prefixes = operation.names.length === 0 ? [name] : operation.names.map(each => `${caller}/${each}`);
      const reply = await call('DELETE', '/object/b', { token, json: { prefixes } });
      const gone = (reply.json as { name: string }[]).map(each => each.name).sort();
      expect(gone).toEqual([...new Set(prefixes)].filter(each => model.has(each)).sort());
      for (const each of prefixes) model.delete(each);
    } else if (kind === 'list') {
      const reply = await call('POST', '/object/list-v2/b', { token, json: { prefix: `${caller}/`, limit: 1000 } });
      const listed = (reply.json as { objects: { name: string }[] }).objects.map(each => each.name).sort();
      expect(listed).toEqual([...model.keys()].sort());
    }
  }

  it('leave what the model says, and bytes for exactly what the ledger names', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, async all => {
        const models = await Promise.all(
          CALLERS.map(async (caller, at) => {
            const model = new Map<string, string>();
            for (const operation of all[at] ?? []) await perform(caller, operation, model);
            return model;
          }).concat(gateway.app.sweeper.run().then(() => new Map())),
        );
        for (const [name, body] of models.flatMap(model => [...model])) {
          expect((await call('GET', `/object/authenticated/b/${name}`, { token })).text).toBe(body);
        }
        await gateway.app.sweeper.run();
        const ledger = await gateway.db.sql<{ store_key: string; state: string }>(
          'select distinct b.store_key, b.state from sluice.blobs b join storage.objects o on o.version = b.version::text',
        );
        const entries = await gateway.db.sql<{ store_key: string }>('select store_key from sluice.blobs');
        expect(await storedKeys()).toEqual(entries.map(row => row.store_key).sort());
        expect(ledger.length).toBe(entries.length);
        expect(new Set(ledger.map(row => row.state)).size).toBeLessThanOrEqual(1);

        expect((await call('POST', '/bucket/b/empty', { token })).status).toBe(200);
        await gateway.app.sweeper.run();
        expect(await storedKeys()).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});
