/** The defences that tokens.test.ts proves, as in defences.ts: tokens, links, and what a reply tells a stranger. */
import { type Defence, edit } from './defence.ts';

const TOKENS = 'test/integration/security/tokens.test.ts';
const TOKEN = 'src/identity/open-token.ts';

/** A test that no damage below touches. */
export const TOKEN_CONTROLS: Readonly<Record<string, RegExp>> = { [TOKENS]: /of a listed key are taken/ };

const tokens = (titles: RegExp) => ({ file: TOKENS, titles });

const FIXED_ALGORITHM = edit(
  'src/identity/signing-keys.ts',
  'eligible.filter(({ algorithms }) => algorithms.includes(header.alg)).map',
  'eligible.map',
);

export const TOKEN_DEFENCES: readonly Defence[] = [
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
];
