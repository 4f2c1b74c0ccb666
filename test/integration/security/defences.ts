/**
 * The defences, each with the damage that removes it and the tests that must then turn red. `find` stands in its file
 * exactly once, so a defence that moves is noticed. Run by defences.test.ts; the results of all are in the README here.
 */
import { type Defence, edit } from './defence.ts';
import { DOOR_CONTROLS, DOOR_DEFENCES } from './door-defences.ts';

const SECURITY = 'test/integration/security';
const TOKENS = `${SECURITY}/tokens.test.ts`;
const PAYLOADS = `${SECURITY}/payloads.test.ts`;
const ECHOES = `${SECURITY}/echoes.test.ts`;
const TOKEN = 'src/identity/open-token.ts';
const FORM = 'src/http/multipart-upload.ts';
const BINDER = 'src/contract/bind-routes.ts';

/** In each of the files above, a test that no damage below touches: it shows that the damaged gateway still works. */
export const CONTROLS: Readonly<Record<string, RegExp>> = {
  [TOKENS]: /of a listed key are taken/,
  [PAYLOADS]: /name no table: catalogs and the ledger are not buckets/,
  [ECHOES]: /is no path: an address that breaks lines finds nothing/,
  ...DOOR_CONTROLS,
};

const tokens = (titles: RegExp) => ({ file: TOKENS, titles });
const payloads = (titles: RegExp) => ({ file: PAYLOADS, titles });
const echoes = (titles: RegExp) => ({ file: ECHOES, titles });

const FIXED_ALGORITHM = edit(
  'src/identity/signing-keys.ts',
  'eligible.filter(({ algorithms }) => algorithms.includes(header.alg)).map',
  'eligible.map',
);

export const DEFENCES: readonly Defence[] = [
  {
    name: 'a token without a signature is no token',
    edits: [
      edit(
        TOKEN,
        `(typeof alg !== 'string') return 'invalid algorithm';`,
        `(String(alg).toLowerCase() === 'none') return null;
  if (typeof alg !== 'string') return 'invalid algorithm';`,
      ),
      edit(TOKEN, String.raw`\.([\w-]+)$/;`, String.raw`\.([\w-]*)$/;`),
    ],
    tests: tokens(/of alg (none|nOnE with a signature) open nothing/),
  },
  {
    name: 'a key fixes its algorithm: a public key is no shared secret',
    edits: [
      FIXED_ALGORITHM,
      edit(
        TOKEN,
        `    if (key.type !== 'secret') return false;`,
        `    if (key.type !== 'secret') {
      const secret = key.export({ type: 'spki', format: 'pem' });
      return createHmac(hash, secret).update(signed).digest().equals(signature);
    }`,
      ),
    ],
    tests: tokens(/signed by HMAC with the public key/),
  },
  {
    name: 'a kid selects the key that it names, and no other',
    edits: [
      edit(
        'src/identity/signing-keys.ts',
        'named.length > 0 ? named : header.kid === undefined ? all : [keys.shared]',
        'all',
      ),
    ],
    tests: tokens(/of (an unknown|another key’s) kid open nothing|whose kid is a path/),
  },
  {
    name: 'a signature is verified, with our keys only',
    edits: [edit(TOKEN, 'isCanonical && candidates.some(key => isSignedBy(token, alg, key))', 'isCanonical')],
    tests: tokens(/of the right kid and a stranger’s key|that calls an HMAC signature RS256|that brings its own key/),
  },
  {
    name: 'a token has an end',
    edits: [edit(TOKEN, `(typeof exp === 'number' && nowMs >= exp * 1000)`, '(nowMs < 0)')],
    tests: tokens(/that has expired open nothing/),
  },
  {
    name: 'a token has a beginning',
    edits: [edit(TOKEN, `(typeof nbf === 'number' && nowMs < nbf * 1000)`, '(nowMs < 0)')],
    tests: tokens(/that is not valid yet open nothing/),
  },
  {
    name: 'times are numbers',
    edits: [edit(TOKEN, `(exp !== undefined && !Number.isFinite(exp))`, '(nowMs < 0)')],
    tests: tokens(/that never says when it ends, in numbers/),
  },
  {
    name: 'a link is no login',
    edits: [
      edit(
        'src/identity/token-verifier.ts',
        `url !== undefined || path !== undefined || OTHER_SCOPES.has(scope)`,
        `url === path && scope === ''`,
      ),
    ],
    tests: tokens(/that is (a download|an upload) link open nothing/),
  },
  {
    name: 'a login is no link',
    edits: [edit('src/identity/link-claims.ts', `slash === -1 || isLogin`, `slash === -1`)],
    tests: tokens(/are no download link: (a login|a user’s login|a path token)/),
  },
  {
    name: 'a link is for one object',
    edits: [edit('src/identity/links.ts', '(link.bucket !== bucket || link.name !== name)', '(link.bucket === "")')],
    tests: tokens(/of a link open its object by reading alone|of an upload link store its object alone/),
  },
  {
    name: 'a link is for one purpose',
    edits: [edit('src/identity/links.ts', '(link.scope !== scope)', `(link.bucket === '')`)],
    tests: tokens(/of one purpose do nothing for another/),
  },
  {
    name: 'a link to a transformed image does not give the original',
    edits: [edit('src/identity/links.ts', '(link.transformations !== null)', `(link.bucket === '')`)],
    tests: tokens(/are no download link: a link to a transformed image/),
  },
  {
    name: 'a link ends',
    edits: [edit('src/identity/link-claims.ts', `(typeof exp !== 'number') throw`, `(typeof exp === 'string') throw`)],
    tests: tokens(/are no download link: a link that never ends/),
  },
  {
    name: 'a link of a purpose that nobody knows has none',
    edits: [edit('src/identity/link-claims.ts', `  if (scope !== undefined) throw`, `  if (scope === '') throw`)],
    tests: tokens(/are no download link: a link of an unknown scope/),
  },
  {
    name: 'a revoked link is refused',
    edits: [edit('src/operations/find-object.ts', '(found.revoked)', `(link.bucket === '')`)],
    tests: tokens(/that were revoked open nothing/),
  },
  {
    name: 'a token names a role of the list',
    edits: [
      edit(
        'src/identity/token-verifier.ts',
        `typeof role !== 'string' || !roles.includes(role)`,
        `typeof role !== 'string'`,
      ),
    ],
    tests: tokens(/of a role (outside the list|in quotes)|of the prototype’s role/),
  },
  {
    name: 'claims are bounded',
    edits: [edit(TOKEN, 'MAX_TOKEN_CHARACTERS = 8192', 'MAX_TOKEN_CHARACTERS = 8192000')],
    tests: tokens(/of oversized claims open nothing/),
  },
  {
    name: 'claims that Postgres cannot hold are refused',
    edits: [edit(TOKEN, '(UNSTORABLE.test(JSON.stringify(claims)))', '(nowMs < 0)')],
    tests: tokens(/of claims that hold NUL open nothing/),
  },
  {
    name: 'hidden and missing take the same time',
    edits: [
      edit(
        'src/operations/find-object.ts',
        `  if (found === null) throw objectNotFound(bucket, name);`,
        `  if (found === null) {
    const [hidden] = await core.database.run(asService(scope), findObject, { bucket, name });
    for (let n = 0; hidden && n < 5; n += 1) await core.blobs.stat(\`\${hidden.version.slice(0, 2)}/\${hidden.version}\`);
    for (let n = 0; hidden && n < 3; n += 1) await core.database.run(asService(scope), findObject, { bucket, name });
    throw objectNotFound(bucket, name);
  }`,
      ),
    ],
    tests: tokens(/of a user tell hidden from missing neither in words nor in time/),
  },
  {
    name: 'hidden and missing are told in the same words',
    edits: [
      edit(
        'src/operations/find-object.ts',
        `  if (found === null) throw objectNotFound(bucket, name);`,
        `  if (found === null) {
    const [hidden] = await core.database.run(asService(scope), findObject, { bucket, name });
    throw hidden ? new SluiceError('access-denied', 'Access denied') : objectNotFound(bucket, name);
  }`,
      ),
    ],
    tests: tokens(/of a user tell hidden from missing neither in words nor in time/),
  },
  {
    name: 'stored pages open in a sandbox',
    edits: [edit('src/http/security-headers.ts', `PAGE.test(type) ? PAGE_HEADERS : ACTIVE_HEADERS`, 'INERT_HEADERS')],
    tests: tokens(/stored pages of .* open in a sandbox/),
  },
  {
    name: 'bytes are not sniffed',
    edits: [
      edit(
        'src/http/security-headers.ts',
        `const INERT_HEADERS: Headers = Object.freeze({
  'x-content-type-options': 'nosniff',`,
        'const INERT_HEADERS: Headers = Object.freeze({',
      ),
    ],
    tests: tokens(/stored pages of .* open in a sandbox, never sniffed/),
  },
  {
    name: 'a path is decoded once, and never normalized',
    edits: [
      edit(
        BINDER,
        `decodeRawSegment(values[index] ?? '')`,
        `new URL(decodeRawSegment(values[index] ?? ''), 'http://x/').pathname.slice(1)`,
      ),
    ],
    tests: payloads(/find nothing at (\.\/kept|%252e|\/\/kept)/),
  },
  {
    name: 'a key of the file store cannot leave its folder',
    edits: [
      edit(
        'src/blobs/file-store.ts',
        `rest.length > 0 || !SEGMENT.test(shard) || !SEGMENT.test(name)`,
        'rest.length > 99',
      ),
    ],
    tests: { file: 'test/integration/file-store.test.ts', titles: /refuses the key .*(escape|tmp\/x)/ },
  },
  {
    name: 'a request id is short and plain',
    edits: [edit('src/http/request-id.ts', String.raw`/^[\w.:@+=/-]{1,128}$/`, '/^/')],
    tests: echoes(/is no request id/),
  },
  {
    name: 'only listed origins are allowed',
    edits: [edit('src/http/cors.ts', '(anyOrigin || origins.includes(origin))', 'true')],
    tests: echoes(/is no origin outside the list/),
  },
  {
    name: 'only names of headers are allowed to pages',
    edits: [edit('src/http/cors.ts', 'wanted !== undefined && HEADER_NAMES.test(wanted)', 'wanted !== undefined')],
    tests: echoes(/is no list of headers that is none/),
  },
  {
    name: 'the name of a download is encoded',
    edits: [
      edit(
        'src/http/content-disposition.ts',
        'return create(lastSegment(name));',
        `return 'attachment; filename="' + name + '"';`,
      ),
    ],
    tests: echoes(/is encoded in the name of a download/),
  },
  {
    name: 'what comes in a body and goes out as a header is a legal one',
    edits: [edit('src/domain/legal-header.ts', 'value !== undefined && !', `value === '' && !`)],
    tests: echoes(/is refused (in the form field cacheControl|as the (cacheControl|mimetype) of a copy)/),
  },
  {
    name: 'X-Robots-Tag is a list of directives',
    edits: [edit('src/domain/robots-tag.ts', '!directives.every(directive => DIRECTIVE.test(directive))', 'false')],
    tests: echoes(/is refused in X-Robots-Tag/),
  },
  {
    name: 'a form has few fields',
    edits: [edit(FORM, 'fields: limits.maxFields,', 'fields: 1e6,')],
    tests: payloads(/refuse a form of 10,000 fields/),
  },
  {
    name: 'a field is short',
    edits: [
      edit(FORM, 'fieldSize: limits.maxFieldBytes,', 'fieldSize: 1e9,'),
      edit('src/domain/user-metadata.ts', 'MAX_BYTES = 1024 * 1024', 'MAX_BYTES = 1024 ** 3'),
    ],
    tests: payloads(/refuse a form with a field of 2 MB/),
  },
  {
    name: 'a form has one file',
    edits: [edit(FORM, 'files: limits.maxFiles ?? 1,', 'files: 1e6,')],
    tests: payloads(/refuse a form with 10,000 files/),
  },
  {
    name: 'a form nests no other',
    edits: [edit(FORM, `(info.mimeType.startsWith('multipart/'))`, `(name === '')`)],
    tests: payloads(/refuse a form that nests another/),
  },
  {
    name: 'what the parser of forms refuses fails the form',
    edits: [
      edit(
        FORM,
        `      .on('error', error => this.#fail(error))
      .on('close'`,
        `      .on('error', () => {})
      .on('close'`,
      ),
    ],
    tests: payloads(/refuse a form (with a field name of 1 MB|whose part headers never end)/),
  },
  {
    name: 'a JSON body is bounded',
    edits: [
      edit('src/contract/read-json-body.ts', 'JSON_BODY_MAX_BYTES = 1024 * 1024', 'JSON_BODY_MAX_BYTES = 1024 ** 3'),
    ],
    tests: payloads(/refuse JSON of 2 MiB/),
  },
  {
    name: 'a JSON body is what the contract says',
    edits: [edit(BINDER, `  if (body !== undefined) refuse('body', checks.body(body));\n`, '')],
    tests: payloads(/refuse JSON (nested|with 100,000|with a number|that names)/),
  },
  {
    name: 'a JSON body brings no prototype',
    edits: [
      edit(
        'src/contract/read-json-body.ts',
        'MENTIONS_PROTOTYPE.test(text) ? JSON.parse(text, withoutPrototype) : JSON.parse(text)',
        'JSON.parse(text)',
      ),
    ],
    tests: { file: 'test/integration/contract/bind-routes.test.ts', titles: /prototype/ },
  },
  {
    name: 'user metadata that is no JSON, or too deep for it, is none',
    edits: [
      edit(
        'src/domain/user-metadata.ts',
        `    return isObject && !JSON.stringify(value).includes('\\\\u0000') ? (value as Json) : null;
  } catch {
    return null;`,
        `    return isObject ? (value as Json) : null;
  } catch {
    return null;`,
      ),
    ],
    tests: payloads(/survive user metadata/),
  },
  {
    name: 'headers are read in linear time',
    edits: [
      edit(
        'src/domain/preconditions.ts',
        `  for (const tag of entityTags(header)) {`,
        `  if (/(?:,|W|\\/|")*;/.test(header)) return false;
  for (const tag of entityTags(header)) {`,
      ),
    ],
    tests: payloads(/cost little time by a long if-(none-)?match/),
  },
  {
    name: 'text is bound, never spliced into SQL',
    edits: [
      edit(
        'src/database/database.ts',
        `name: prepare ? (readOnly ? 'enter_read_only' : 'enter') : '',
    text: readOnly ? ENTER_READ_ONLY : ENTER,`,
        `name: '',
    text: (readOnly ? ENTER_READ_ONLY : ENTER).replace('$6', () => \`coalesce($6, '') || '\${decodeURIComponent(scope.path)}'\`),`,
      ),
    ],
    tests: payloads(/take SQL in any text for text/),
  },
  {
    name: 'a claim is compared by a policy’s helper, never run',
    edits: [
      edit(
        'db/migrations/0004_policy_helpers.sql',
        `    create function auth.claim(name text) returns text
    language sql stable parallel safe as $f$
      select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> name
    $f$;`,
        `    create function auth.claim(name text) returns text
    language plpgsql stable as $f$
    declare result text;
    begin
      execute 'select ''' || (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> name) || '''' into result;
      return result;
    end $f$;`,
      ),
    ],
    tests: payloads(/are plain text to the helpers of a policy/),
  },
  {
    name: 'definer functions pin their search path',
    edits: [edit('db/functions/public-object.sql', `security definer set search_path = ''`, 'security definer')],
    tests: { file: 'test/policies/definer-functions.test.ts', titles: /pin their search path/ },
  },
  {
    name: 'definer functions are for those who need them',
    edits: [
      edit('policies/grants.sql', 'revoke execute on function storage.bucket_holds_objects(text) from public;\n', ''),
    ],
    tests: {
      file: 'test/policies/definer-functions.test.ts',
      titles: /bucket_holds_objects.* is for those alone who need it/,
    },
  },
  {
    name: 'the private side is closed to ordinary roles',
    edits: [
      edit(
        'policies/grants.sql',
        'grant usage on schema sluice to sluice_gateway, service_role;',
        'grant usage on schema sluice to sluice_gateway, service_role, authenticated;\ngrant select on sluice.blobs to authenticated;',
      ),
    ],
    tests: { file: 'test/policies/role-rights.test.ts', titles: /the private side is closed/ },
  },
  {
    name: 'a request acts as its caller, and as nobody else',
    edits: [
      edit(
        'src/database/database.ts',
        `runs === 'gateway' ? GATEWAY_ROLE : scope.caller.role`,
        `runs === 'gateway' ? GATEWAY_ROLE : 'service_role'`,
      ),
    ],
    tests: tokens(/of a user tell hidden from missing/),
  },
  ...DOOR_DEFENCES,
];
