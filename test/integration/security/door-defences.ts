/** The defences of the doors with accounts, as in defences.ts: path tokens, sessions, permits, scopes, limits, files. */
import { type Defence, edit } from './defence.ts';

const INTEGRATION = 'test/integration';
const PATH_TOKENS = `${INTEGRATION}/bulgur/path-tokens.test.ts`;
const ENTRANCE = `${INTEGRATION}/sessions-and-permits.test.ts`;
const ACCOUNTS = `${INTEGRATION}/accounts.test.ts`;
const REVERIFICATION = `${INTEGRATION}/reverification.test.ts`;
const SCOPES = `${INTEGRATION}/cumulonimbus/scopes.test.ts`;
const SESSIONS = `${INTEGRATION}/cumulonimbus/sessions.test.ts`;
const VIEWS = `${INTEGRATION}/zipline/views.test.ts`;
const FILE_PASSWORDS = `${INTEGRATION}/zipline/file-passwords.test.ts`;
const COPIES = `${INTEGRATION}/zipline/copies.test.ts`;
const POLICIES = 'test/policies/every-policy-counts.test.ts';

/** In each of these files, a test that no damage below touches. */
export const DOOR_CONTROLS: Readonly<Record<string, RegExp>> = {
  [PATH_TOKENS]: /on the file store, T0-08 T0-09 opens its path/,
  [ENTRANCE]: /believes the claims of callers without a session as they are/,
  [ACCOUNTS]: /gives a token whose claims name the account/,
  [REVERIFICATION]: /asks who has a second factor for a code/,
  [SCOPES]: /lets a session with the named scope do it/,
  [SESSIONS]: /gives 0 where there is nothing/,
  [VIEWS]: /a file with N views keeps the view that the store could not serve/,
  [FILE_PASSWORDS]: /keeps neither another address nor another file/,
  [COPIES]: /is protected by nothing in a bucket that knows no such protection/,
};

export const DOOR_DEFENCES: readonly Defence[] = [
  {
    name: 'a path token is for one path',
    edits: [edit('src/identity/path-tokens.ts', '(claims.path !== path || isOther)', '(isOther)')],
    tests: { file: PATH_TOKENS, titles: /on the file store, (T0-10|T0-14)/ },
  },
  {
    name: 'a path token reads and does nothing else',
    edits: [
      edit(
        'src/surfaces/bulgur/asked.ts',
        `return scopeByLogin(asked, { ...rest, permits: ['home-tree', ...permits], target: path.owner }, asked.verifier);`,
        `try {
    asked.pathTokens.verify(new URL(asked.req.url, 'http://x').searchParams.get('token') ?? '', path.name);
    const caller = { role: 'service_role', subject: null, claims: '{"role":"service_role"}', sessionId: null };
    return makeRequestScope(asked, { caller, operation: rest.operation, permits: ['home-tree'], target: path.owner });
  } catch {
    return scopeByLogin(asked, { ...rest, permits: ['home-tree', ...permits], target: path.owner }, asked.verifier);
  }`,
      ),
    ],
    tests: { file: PATH_TOKENS, titles: /on the file store, T0-11 changes nothing/ },
  },
  {
    name: 'a path token ends',
    edits: [edit('src/identity/open-token.ts', `(typeof exp === 'number' && nowMs >= exp * 1000)`, '(nowMs < 0)')],
    tests: { file: PATH_TOKENS, titles: /on the file store, is refused T0-13 that has expired/ },
  },
  {
    name: 'a path token is revoked with the links, also where nothing is',
    edits: [edit('src/operations/open-tree.ts', '(rows[0]?.revoked !== false)', '(rows.length === 0)')],
    tests: { file: PATH_TOKENS, titles: /on the file store, is refused (from the moment|once it is revoked)/ },
  },
  {
    name: 'a session that has ended is refused, in the same transaction',
    edits: [edit('db/functions/enter-session.sql', ' and s.revoked_at is null and s.expires_at > now()', '')],
    tests: { file: ENTRANCE, titles: /was ended|has expired|is over/ },
  },
  {
    name: 'a session is what its account is now',
    edits: [edit('db/functions/enter-session.sql', '(p_claims || v_present)', '(v_present || p_claims)')],
    tests: { file: ENTRANCE, titles: /tells the policies what the account is now/ },
  },
  {
    name: 'a session is looked up at all',
    edits: [
      edit(
        'src/database/account-statements.ts',
        '...(caller.sessionId === null ? [] : [enterSession(scope, asked)]),',
        '...(caller.sessionId === null ? [] : [become(asked)]),',
      ),
    ],
    tests: { file: ACCOUNTS, titles: /ends at once for every gateway when it is revoked|a change of flags is felt/ },
  },
  {
    name: 'a permit that no policy shows is refused',
    edits: [edit('db/functions/demand.sql', 'if v_missing is not null then', 'if false then')],
    tests: { file: ENTRANCE, titles: /permit|target/ },
  },
  {
    name: 'permits are asked for as the caller',
    edits: [
      edit(
        'src/database/account-statements.ts',
        'const asked = demands ? caller.role : role;',
        `const asked = demands ? 'service_role' : role;`,
      ),
    ],
    tests: { file: ENTRANCE, titles: /permit|target/ },
  },
  {
    name: 'a scoped session has its flags and no other',
    edits: [edit('db/migrations/0007_accounts.sql', `then scopes::integer & (flag | 1) <> 0`, 'then true')],
    tests: { file: SCOPES, titles: /refuses a session with any other scope/ },
  },
  {
    name: 'a scoped session opens none that could do more',
    edits: [edit('db/functions/open-session.sql', 'if v_held is not null and', 'if v_held < 0 and')],
    tests: { file: SESSIONS, titles: /never open one that could do more than themselves/ },
  },
  {
    name: 'a limit is exact, however many ask at once',
    edits: [
      edit(
        'db/functions/take-from-limit.sql',
        'where r.window_end <= v_now or r.count < p_limit',
        'where r.window_end <= v_now or coalesce((select s.count from sluice.rate_limits s where s.key = p_key), 0) < p_limit',
      ),
      edit(
        'db/functions/take-from-limit.sql',
        '  returning * into v_taken;',
        '  returning * into v_taken;\n  perform pg_sleep(0.05);',
      ),
    ],
    tests: { file: ACCOUNTS, titles: /refuses more than the limit, however many ask at once/ },
  },
  {
    name: 'what is switched off is refused, and takes nothing from a limit',
    edits: [edit('db/functions/admit.sql', '  perform sluice.demand_switched_on(p_role, p_feature);\n', '')],
    tests: { file: ACCOUNTS, titles: /is refused by its own switch|its own switch|everything/ },
  },
  {
    name: 'wrong passwords of an account are counted',
    edits: [
      edit(
        'db/functions/begin-sign-in.sql',
        'foreach v_key in array p_keys loop',
        `foreach v_key in array '{}'::text[] loop`,
      ),
    ],
    tests: { file: ACCOUNTS, titles: /is refused after so many wrong passwords/ },
  },
  {
    name: 'wrong passwords of a file are counted',
    edits: [
      edit(
        'src/identity/file-passwords.ts',
        'takeFromLimit, { key, ...limit }',
        'takeFromLimit, { key, ...limit, count: 1e6 }',
      ),
    ],
    tests: { file: FILE_PASSWORDS, titles: /refuses(,| whoever)/ },
  },
  {
    name: 'a right password is believed only where it came from',
    edits: [edit('src/identity/believed-passwords.ts', ' $' + '{addressKey(address)}', '')],
    tests: { file: FILE_PASSWORDS, titles: /believes a password only where it came from/ },
  },
  {
    name: 'a code counts once',
    edits: [
      edit(
        'src/database/queries/second-factors.ts',
        'where a.id = $1 and a.totp_step < $2 returning',
        'where a.id = $1 returning',
      ),
    ],
    tests: { file: REVERIFICATION, titles: /takes a code once/ },
  },
  {
    name: 'a challenge is for one session',
    edits: [edit('src/identity/reverification.ts', ' || claims.session_id !== session', '')],
    tests: { file: REVERIFICATION, titles: /refuses a challenge of another session/ },
  },
  {
    name: 'the last view of a file is given once',
    edits: [
      edit(
        'db/functions/view-file.sql',
        `viewed_at = now()
    where f.object_id = v_object.id and not sluice.is_over(f);`,
        `viewed_at = now()
    where f.object_id = v_object.id;`,
      ),
    ],
    tests: { file: VIEWS, titles: /gives its bytes to N of N \+ 50 readers/ },
  },
  {
    name: 'a file that is over is hidden from its owner',
    edits: [
      edit(
        'policies/uploads.sql',
        `
    and not exists (select from storage.files_over over where over.id = objects.id));

-- A user adds files`,
        `);

-- A user adds files`,
      ),
    ],
    tests: { file: POLICIES, titles: /uploads gives every row its verdict/ },
  },
  {
    name: 'a copy is protected as its source',
    edits: [
      edit(
        'db/functions/copy-object.sql',
        `if p_source_bucket = 'uploads' and p_bucket = 'uploads' then`,
        'if false then',
      ),
    ],
    tests: {
      file: COPIES,
      titles: /asks for the same password|has the views|goes when its source goes|takes on the protection/,
    },
  },
];
