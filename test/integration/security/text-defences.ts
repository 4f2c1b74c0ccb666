/** The defences against hostile text, as in defences.ts: in paths, headers, forms, JSON and claims. */
import { type Defence, edit } from './defence.ts';

const SECURITY = 'test/integration/security';
const PAYLOADS = `${SECURITY}/payloads.test.ts`;
const ECHOES = `${SECURITY}/echoes.test.ts`;
const FORM = 'src/http/multipart-upload.ts';
const BINDER = 'src/contract/bind-routes.ts';

/** In each of these files, a test that no damage below touches. */
export const TEXT_CONTROLS: Readonly<Record<string, RegExp>> = {
  [PAYLOADS]: /name no table: catalogs and the ledger are not buckets/,
  [ECHOES]: /is no path: an address that breaks lines finds nothing/,
};

const payloads = (titles: RegExp) => ({ file: PAYLOADS, titles });
const echoes = (titles: RegExp) => ({ file: ECHOES, titles });

export const TEXT_DEFENCES: readonly Defence[] = [
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
    edits: [
      edit('src/surfaces/supabase/robots-tag.ts', '!directives.every(directive => DIRECTIVE.test(directive))', 'false'),
    ],
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
      edit('src/surfaces/supabase/user-metadata.ts', 'MAX_BYTES = 1024 * 1024', 'MAX_BYTES = 1024 ** 3'),
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
    edits: [
      edit(
        BINDER,
        'const finding = body === undefined ? null : checks.body(body);',
        'const finding = null as Finding | null;',
      ),
    ],
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
    edits: [edit('src/surfaces/supabase/user-metadata.ts', 'JSON.parse(text, storable)', 'JSON.parse(text)')],
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
];
