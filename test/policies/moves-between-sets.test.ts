/**
 * Several policy sets in one database. Policies are joined by "or", `using` and `with check` apart, so a move from one bucket
 * into another is judged by a policy of each; no pair of them may let in what could not be uploaded there. The sets' own
 * tables know one set each.
 */
import { type Gateway, startGateway, tokenFor } from '../support/gateway.ts';
import { CLAIMS, type Person, SUBJECTS } from './policy-table.ts';
import { dropPolicies, putAsService, readPolicySet } from './seeded-world.ts';

const SETS: Readonly<Record<string, readonly string[]>> = {
  home: [],
  uploads: [],
  backends: [],
  'own-buckets': [],
  'owner-only': ['drawer'],
  'user-folder': ['desk'],
  'open-to-all': ['yard'],
};

/** A place in each bucket; `me` becomes the user's id, `us` the user name. */
const PLACES = {
  home: 'us/page.html',
  uploads: 'page.html',
  'backend-default': 'page.html',
  own: 'page.html',
  drawer: 'page.html',
  desk: 'me/page.html',
  yard: 'page.html',
} as const;
type Bucket = keyof typeof PLACES;
const BUCKETS = Object.keys(PLACES) as Bucket[];

/** Besides what the tables say of them, each is called `us` and is an administrator of the backend. */
const PEOPLE: readonly Person[] = [
  'alice',
  'unverified',
  'banned',
  "alice's adder",
  "alice's rearranger",
  "alice's keeper",
  'staff',
  "staff's rearranger",
  'banned admin',
  'banned staff',
];

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
  await dropPolicies(gateway.db);
  for (const [set, buckets] of Object.entries(SETS)) await gateway.db.sql(readPolicySet(set, buckets));
});
afterAll(() => gateway.stop());

function tokenOf(who: Person): string {
  const claims = { admin: true, backend: 'default', ...CLAIMS[who], username: 'us' };
  return tokenFor('authenticated', SUBJECTS[who] ?? undefined, claims);
}

function placeIn(bucket: Bucket, who: Person): string {
  return PLACES[bucket].replace('me', SUBJECTS[who] ?? '');
}

/** One file of the user's in `source`, and nothing else anywhere. */
async function lay(who: Person, source: Bucket): Promise<void> {
  await gateway.db.sql('delete from storage.objects');
  await gateway.db.sql('delete from storage.buckets');
  await gateway.db.sql(
    `insert into storage.buckets (id, name, owner_id) select id, id, case id when 'own' then $2 end from unnest($1::text[]) id`,
    [BUCKETS, SUBJECTS[who]],
  );
  await putAsService(gateway, { bucket: source, name: placeIn(source, who) }, { text: 'page', owner: SUBJECTS[who] });
}

async function upload(who: Person, target: Bucket): Promise<number> {
  const headers = { authorization: `Bearer ${tokenOf(who)}`, 'content-type': 'text/html' };
  const url = `${gateway.url}/object/${target}/${placeIn(target, who)}`;
  return (await fetch(url, { method: 'POST', headers, body: 'page' })).status;
}

async function move(who: Person, source: Bucket, target: Bucket): Promise<number> {
  const headers = { authorization: `Bearer ${tokenOf(who)}`, 'content-type': 'application/json' };
  const reply = await fetch(`${gateway.url}/object/move`, {
    method: 'POST',
    headers,
    body: JSON.stringify({
      bucketId: source,
      sourceKey: placeIn(source, who),
      destinationBucket: target,
      destinationKey: placeIn(target, who),
    }),
  });
  return reply.status;
}

describe.each(PEOPLE)('%s', who => {
  it.each(BUCKETS)('moves into %s only what could be uploaded there', async target => {
    const others = BUCKETS.filter(source => source !== target);
    await lay(who, others[0] ?? target);
    const uploaded = await upload(who, target);
    const moved: string[] = [];
    for (const source of others) {
      await lay(who, source);
      if ((await move(who, source, target)) === 200) moved.push(source);
    }
    if (uploaded !== 200) expect(moved).toEqual([]);
  });
});

it('moves a file from any bucket into any other for a user who may do everything in each', async () => {
  const refused: string[] = [];
  for (const source of BUCKETS)
    for (const target of BUCKETS.filter(other => other !== source)) {
      await lay('alice', source);
      if ((await move('alice', source, target)) !== 200) refused.push(`${source} to ${target}`);
    }
  expect(refused).toEqual([]);
});
