/**
 * Policies as people have them from elsewhere in the ecosystem paste over unchanged: quoted names, helpers of the
 * schemas `auth` and `storage`, settings read directly, tables of the application, restrictive policies.
 */
import { type Gateway, startGateway, tokenFor } from '../support/gateway.ts';
import { CLAIMS, type Person, SUBJECTS } from './policy-table.ts';
import { dropPolicies, putAsService, snapshot } from './seeded-world.ts';

interface Ask {
  readonly who: Person;
  readonly does: keyof typeof REQUESTS;
  readonly name: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** `ok`, the code of the refusal, or the names listed. */
  readonly answer: string;
}

const REQUESTS = {
  uploads: (name: string) => ['POST', `/object/docs/${name}`, 'bytes'],
  replaces: (name: string) => ['PUT', `/object/docs/${name}`, 'bytes'],
  downloads: (name: string) => ['GET', `/object/docs/${name}`],
  inspects: (name: string) => ['GET', `/object/info/docs/${name}`],
  deletes: (name: string) => ['DELETE', `/object/docs/${name}`],
  'asks for an upload link to': (name: string) => ['POST', `/object/upload/sign/docs/${name}`, {}],
  signs: (name: string) => ['POST', `/object/sign/docs/${name}`, { expiresIn: 60 }],
  lists: (prefix: string) => ['POST', '/object/list/docs', { prefix }],
  'pages through': (prefix: string) => ['POST', '/object/list-v2/docs', { prefix }],
  'copies report.png to': (name: string) => [
    'POST',
    '/object/copy',
    { bucketId: 'docs', sourceKey: 'report.png', destinationKey: name },
  ],
} as const satisfies Record<string, (name: string) => readonly unknown[]>;

const ALICE = SUBJECTS.alice;
const PNG = { 'content-type': 'image/png' };
const metadata = (value: object) => ({ 'x-metadata': Buffer.from(JSON.stringify(value)).toString('base64') });
const READS_ALL = `create policy "Anyone can read" on storage.objects for select using (bucket_id = 'docs');`;

/** There from the start: report.png of Alice's, and team/plan.txt of Bob's. */
const PASTED: Readonly<Record<string, { readonly sql: string; readonly asks: readonly Ask[] }>> = {
  'the folder named by the user': {
    sql: `create policy "Users manage their own folder 1oj01fe_0" on storage.objects for all to authenticated
      using ( bucket_id = 'docs' and (storage.foldername(name))[1] = auth.uid()::text )
      with check ( bucket_id = 'docs' and (storage.foldername(name))[1] = auth.uid()::text );`,
    asks: [
      { who: 'bob', does: 'uploads', name: `${ALICE}/a.txt`, answer: 'AccessDenied' },
      { who: 'anon', does: 'uploads', name: `${ALICE}/a.txt`, answer: 'AccessDenied' },
      { who: 'alice', does: 'uploads', name: `${ALICE}/a.txt`, answer: 'ok' },
      { who: 'alice', does: 'deletes', name: 'report.png', answer: 'NoSuchKey' },
    ],
  },
  'the first of the path tokens': {
    sql: `CREATE POLICY "own path" ON storage.objects FOR INSERT TO public
      WITH CHECK (((bucket_id = 'docs'::text) AND ((auth.uid())::text = path_tokens[1])));`,
    asks: [
      { who: 'alice', does: 'uploads', name: 'loose.txt', answer: 'AccessDenied' },
      { who: 'alice', does: 'uploads', name: `${ALICE}/a.txt`, answer: 'ok' },
    ],
  },
  'the role, without a TO clause': {
    sql: `create policy "Signed-in users can read" on storage.objects for select
      using ( bucket_id = 'docs' and auth.role() = 'authenticated' );`,
    asks: [
      { who: 'anon', does: 'downloads', name: 'report.png', answer: 'NoSuchKey' },
      { who: 'bob', does: 'downloads', name: 'report.png', answer: 'ok' },
    ],
  },
  'the extension': {
    sql: `create policy "Only PNG" on storage.objects for insert to anon, authenticated
      with check ( bucket_id = 'docs' and lower(storage.extension(name)) = 'png' and storage.filename(name) <> 'no.png' );`,
    asks: [
      { who: 'anon', does: 'uploads', name: 'a/b.jpg', answer: 'AccessDenied' },
      { who: 'anon', does: 'uploads', name: 'a/no.png', answer: 'AccessDenied' },
      { who: 'anon', does: 'uploads', name: 'a/b.PNG', answer: 'ok' },
    ],
  },
  'a folder anywhere in the path': {
    sql: `create policy "Not the private ones" on storage.objects for insert to authenticated
      with check ( bucket_id = 'docs' and not ('private' = any (storage.foldername(name))) );`,
    asks: [
      { who: 'bob', does: 'uploads', name: 'a/private/b.txt', answer: 'AccessDenied' },
      { who: 'bob', does: 'uploads', name: 'a/private', answer: 'ok' },
    ],
  },
  'the operation, for listing alone': {
    sql: `create policy "List only" on storage.objects for select to anon
      using ( bucket_id = 'docs' and storage.operation() = 'storage.object.list' );`,
    asks: [
      { who: 'anon', does: 'downloads', name: 'report.png', answer: 'NoSuchKey' },
      { who: 'anon', does: 'pages through', name: '', answer: '' },
      { who: 'anon', does: 'signs', name: 'report.png', answer: 'NoSuchKey' },
      { who: 'anon', does: 'lists', name: '', answer: 'report.png,team' },
    ],
  },
  'the operation, for anything but listing': {
    sql: `create policy "No listing" on storage.objects for select to anon
      using ( bucket_id = 'docs' and storage.allow_any_operation(array['object.get_authenticated', 'storage.object.sign']) );`,
    asks: [
      { who: 'anon', does: 'lists', name: '', answer: '' },
      { who: 'anon', does: 'inspects', name: 'report.png', answer: 'NoSuchKey' },
      { who: 'anon', does: 'downloads', name: 'report.png', answer: 'ok' },
      { who: 'anon', does: 'signs', name: 'report.png', answer: 'ok' },
    ],
  },
  'the operation, for uploading alone': {
    sql: `${READS_ALL} create policy "Upload only" on storage.objects for insert to authenticated
      with check ( bucket_id = 'docs' and storage.allow_only_operation('object.upload') );`,
    asks: [
      { who: 'bob', does: 'asks for an upload link to', name: 'b.txt', answer: 'AccessDenied' },
      { who: 'bob', does: 'copies report.png to', name: 'b.png', answer: 'AccessDenied' },
      { who: 'bob', does: 'replaces', name: 'b.txt', answer: 'AccessDenied' },
      { who: 'bob', does: 'uploads', name: 'b.txt', answer: 'ok' },
    ],
  },
  'a request header': {
    sql: `create policy "From the app" on storage.objects for select
      using ( bucket_id = 'docs' and current_setting('request.headers', true)::json ->> 'x-app' = 'mobile' );`,
    asks: [
      { who: 'anon', does: 'downloads', name: 'report.png', answer: 'NoSuchKey' },
      { who: 'anon', does: 'downloads', name: 'report.png', headers: { 'X-App': 'desktop' }, answer: 'NoSuchKey' },
      { who: 'anon', does: 'downloads', name: 'report.png', headers: { 'X-App': 'mobile' }, answer: 'ok' },
    ],
  },
  'credentials among the headers': {
    sql: `create policy "No secrets" on storage.objects for select
      using ( current_setting('request.headers', true)::jsonb ?| array['authorization', 'cookie', 'apikey'] );`,
    // Policies never see them, so this one never holds.
    asks: [
      {
        who: 'alice',
        does: 'downloads',
        name: 'report.png',
        headers: { cookie: 'a=b', apikey: 'k' },
        answer: 'NoSuchKey',
      },
    ],
  },
  'method and path': {
    sql: `create policy "By path" on storage.objects for select
      using ( current_setting('request.method', true) = 'GET' and current_setting('request.path', true) like '/object/docs/%' );`,
    asks: [
      { who: 'anon', does: 'lists', name: '', answer: '' },
      { who: 'anon', does: 'inspects', name: 'report.png', answer: 'NoSuchKey' },
      { who: 'anon', does: 'downloads', name: 'report.png', answer: 'ok' },
    ],
  },
  'a claim at the top of the token': {
    sql: `create policy "By email" on storage.objects for select to authenticated
      using ( bucket_id = 'docs' and (auth.jwt() ->> 'email') like '%@example.org' );`,
    asks: [
      { who: 'bob', does: 'downloads', name: 'report.png', answer: 'NoSuchKey' },
      { who: 'bob', does: 'downloads', name: 'report.png', claims: { email: 'b@example.com' }, answer: 'NoSuchKey' },
      { who: 'bob', does: 'downloads', name: 'report.png', claims: { email: 'b@example.org' }, answer: 'ok' },
    ],
  },
  'a claim deep in the token': {
    sql: `create policy "By plan" on storage.objects for select to authenticated
      using ( (select auth.jwt() -> 'app_metadata' ->> 'plan') = 'pro' and (auth.jwt() ->> 'aal') = 'aal2' );`,
    asks: [
      { who: 'bob', does: 'inspects', name: 'report.png', claims: { aal: 'aal2' }, answer: 'NoSuchKey' },
      {
        who: 'bob',
        does: 'inspects',
        name: 'report.png',
        claims: { aal: 'aal2', app_metadata: { plan: 'pro' } },
        answer: 'ok',
      },
    ],
  },
  'the claims as older policies read them': {
    sql: `create policy "Old style" on storage.objects for select
      using ( current_setting('request.jwt.claim.sub', true) = owner_id
        and current_setting('request.jwt.claim.role', true) = 'authenticated'
        and current_setting('request.jwt.claims', true)::json ->> 'sub' = owner_id );`,
    asks: [
      { who: 'anon', does: 'downloads', name: 'report.png', answer: 'NoSuchKey' },
      { who: 'bob', does: 'downloads', name: 'report.png', answer: 'NoSuchKey' },
      { who: 'alice', does: 'downloads', name: 'report.png', answer: 'ok' },
    ],
  },
  'the media type': {
    sql: `create policy "Images" on storage.objects for insert to authenticated
      with check ( bucket_id = 'docs' and metadata->>'mimetype' = 'image/png' );`,
    asks: [
      { who: 'bob', does: 'uploads', name: 'a.txt', answer: 'AccessDenied' },
      { who: 'bob', does: 'uploads', name: 'a.png', headers: PNG, answer: 'ok' },
    ],
  },
  'the size': {
    sql: `create policy "Small" on storage.objects for insert to authenticated
      with check ( bucket_id = 'docs' and (metadata->>'size')::int <= 4 );`,
    asks: [{ who: 'bob', does: 'uploads', name: 'a.txt', answer: 'AccessDenied' }],
  },
  'the user metadata': {
    sql: `${READS_ALL} create policy "Of a project" on storage.objects for insert to authenticated
      with check ( bucket_id = 'docs' and user_metadata->>'project' = 'moon' );`,
    asks: [
      { who: 'bob', does: 'uploads', name: 'a.txt', answer: 'AccessDenied' },
      { who: 'bob', does: 'uploads', name: 'a.txt', headers: metadata({ project: 'mars' }), answer: 'AccessDenied' },
      { who: 'bob', does: 'uploads', name: 'a.txt', headers: metadata({ project: 'moon' }), answer: 'ok' },
    ],
  },
  'the owner as a uuid': {
    sql: `create policy "Owner reads" on storage.objects for select using ( owner = auth.uid() );
      create policy "Owner adds" on storage.objects for insert with check ( auth.uid() = owner );
      create policy "Owner deletes" on storage.objects for delete using ( auth.uid() = owner );`,
    asks: [
      { who: 'bob', does: 'downloads', name: 'report.png', answer: 'NoSuchKey' },
      { who: 'bob', does: 'deletes', name: 'report.png', answer: 'NoSuchKey' },
      { who: 'anon', does: 'uploads', name: 'a.txt', answer: 'AccessDenied' },
      { who: 'bob', does: 'uploads', name: 'a.txt', answer: 'ok' },
      { who: 'alice', does: 'deletes', name: 'report.png', answer: 'ok' },
    ],
  },
  'the owner as text': {
    sql: `create policy "Owner reads" on storage.objects for select to authenticated
      using ( (select auth.uid()::text) = owner_id );`,
    asks: [
      { who: 'bob', does: 'lists', name: '', answer: 'team' },
      { who: 'alice', does: 'lists', name: '', answer: 'report.png' },
    ],
  },
  'a table of the application': {
    sql: `create policy "Members read" on storage.objects for select to authenticated
      using ( bucket_id = 'docs' and exists (
        select 1 from public.members m
        where m.user_id = auth.uid() and m.team = (storage.foldername(objects.name))[1] ) );`,
    asks: [
      { who: 'bob', does: 'downloads', name: 'team/plan.txt', answer: 'NoSuchKey' },
      { who: 'alice', does: 'lists', name: 'team', answer: 'plan.txt' },
      { who: 'alice', does: 'downloads', name: 'team/plan.txt', answer: 'ok' },
    ],
  },
  'a function of the application': {
    sql: `create policy "Members read" on storage.objects for select to authenticated
      using ( bucket_id = 'docs' and public.is_member((storage.foldername(name))[1]) );`,
    asks: [
      { who: 'bob', does: 'downloads', name: 'team/plan.txt', answer: 'NoSuchKey' },
      { who: 'alice', does: 'downloads', name: 'team/plan.txt', answer: 'ok' },
    ],
  },
  'a restrictive policy beside a permissive one': {
    sql: `${READS_ALL} create policy "Second factor" on storage.objects as restrictive for select to authenticated
      using ( (select auth.jwt()->>'aal') = 'aal2' );`,
    asks: [
      { who: 'bob', does: 'downloads', name: 'report.png', answer: 'NoSuchKey' },
      { who: 'bob', does: 'downloads', name: 'report.png', claims: { aal: 'aal2' }, answer: 'ok' },
    ],
  },
};

describe('a pasted policy on', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
    await gateway.db.sql(`insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
      values ('docs', 'docs', false, 52428800, array['image/*', 'text/plain'])
      on conflict (id) do nothing`);
    await gateway.db.sql(`create table public.members (user_id uuid, team text);
      grant select on public.members to authenticated;
      insert into public.members values ('${ALICE}', 'team');
      create function public.is_member(team text) returns boolean language sql stable security definer
        set search_path = '' as 'select exists (select from public.members m where m.user_id = auth.uid() and m.team = $1)'`);
  });
  afterAll(() => gateway.stop());

  it.each(Object.entries(PASTED))('%s judges as meant', async (_, { sql, asks }) => {
    await dropPolicies(gateway.db);
    await gateway.db.sql('delete from storage.objects');
    await putAsService(gateway, { bucket: 'docs', name: 'report.png' }, { text: 'report', owner: ALICE });
    await putAsService(gateway, { bucket: 'docs', name: 'team/plan.txt' }, { text: 'plan', owner: SUBJECTS.bob });
    await gateway.db.sql(sql);
    for (const ask of asks) {
      const before = await snapshot(gateway);
      expect({ ...ask, answer: await answerTo(ask) }).toEqual(ask);
      if (ask.answer !== 'ok') expect(await snapshot(gateway)).toEqual(before);
    }
  });

  async function answerTo({ who, does, name, headers = {}, claims = {} }: Ask): Promise<string> {
    const [method, path, body] = REQUESTS[does](name) as [string, string, unknown];
    const role = who === 'anon' ? 'anon' : 'authenticated';
    const isJson = typeof body === 'object';
    const reply = await fetch(`${gateway.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${tokenFor(role, SUBJECTS[who] ?? undefined, { ...CLAIMS[who], ...claims })}`,
        ...(body === undefined ? {} : { 'content-type': isJson ? 'application/json' : 'text/plain' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : String(body) }),
    });
    const text = await reply.text();
    if (reply.status !== 200) return (JSON.parse(text) as { code: string }).code;
    if (does === 'lists') return namesOf(JSON.parse(text));
    return does === 'pages through' ? namesOf(JSON.parse(text).objects) : 'ok';
  }
});

function namesOf(entries: readonly { readonly name: string }[]): string {
  return entries.map(({ name }) => name).join();
}
