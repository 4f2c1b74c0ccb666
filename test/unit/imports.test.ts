/** Who may import whom. Each forbidden edge has its reason; a reviewer sees from this file alone that layering held. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

const SOURCE = join(__dirname, '..', '..', 'src');

interface Import {
  readonly file: string;
  readonly specifier: string;
  /** The folder of src that is imported from; null for a package. */
  readonly folder: string | null;
}

const IMPORT =
  /^(?:import|export)\b[^'"]*?from\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
const imports: Import[] = files.flatMap(importsOf);

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SOURCE, file), 'utf8');
  return [...text.matchAll(IMPORT)].map(match => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? '';
    const target = specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : null;
    return { file, specifier, folder: target === null ? null : placeOf(target) };
  });
}

/** `surfaces/supabase/…` is the place `surfaces/supabase`; every other file's place is its first folder. */
function placeOf(file: string): string {
  const [first = '', second = ''] = file.split('/');
  return first === 'surfaces' ? `${first}/${second}` : file.includes('/') ? first : '.';
}

interface Rule {
  readonly may: readonly string[];
  /** Why not more. */
  readonly because: string;
}

/** What each place may import of the others; itself always. */
const RULES: Readonly<Record<string, Rule>> = {
  domain: { may: [], because: 'nouns and rules hold without any I/O and are tested without any' },
  streams: { may: [], because: 'a stream knows bytes and nothing of objects' },
  blobs: { may: ['streams'], because: 'a store knows keys and bytes: no bucket, no policy, no error of ours' },
  config: { may: [], because: 'settings are read before anything exists' },
  identity: {
    may: ['domain', 'database'],
    because: 'who somebody is may need the accounts; what they may do is judged later',
  },
  database: { may: ['domain'], because: 'statements know rows; what they mean is for operations' },
  operations: {
    may: ['domain', 'database', 'blobs', 'streams'],
    because: 'the same operation serves every wire, so it knows none: no HTTP, no token, no framework',
  },
  sweeper: { may: ['domain', 'database', 'blobs', 'operations'], because: 'repair runs without any request' },
  contract: { may: ['domain'], because: 'whether a request is well formed needs no knowledge of what it asks for' },
  http: { may: ['domain', 'streams'], because: 'HTTP is served the same whatever the API' },
  entrance: {
    may: ['domain', 'identity', 'operations', 'contract', 'http'],
    because: 'who asks and whether they are let in is found out the same for every surface, none of which it knows',
  },
  observe: { may: ['domain', 'http'], because: 'logs read what http wrote down of a request, and change nothing' },
  embedded: { may: ['.'], because: 'a Postgres server knows nothing of what is kept in it' },
  'surfaces/supabase': {
    may: ['domain', 'database', 'entrance', 'operations', 'identity', 'contract', 'http'],
    because: 'a surface translates; it is deleted with its folder, so no other may lean on it',
  },
  'surfaces/bulgur': {
    may: ['domain', 'entrance', 'operations', 'identity', 'contract', 'http'],
    because: 'a surface translates; it is deleted with its folder, so no other may lean on it',
  },
  'surfaces/zipline': {
    may: ['domain', 'entrance', 'operations', 'identity', 'contract', 'http'],
    because: 'a surface translates; it is deleted with its folder, so no other may lean on it',
  },
  'surfaces/spacedog': {
    may: ['domain', 'database', 'operations', 'identity', 'contract', 'http'],
    because: 'a surface translates; it is deleted with its folder, so no other may lean on it',
  },
  'surfaces/cumulonimbus': {
    may: ['domain', 'entrance', 'operations', 'identity', 'contract', 'http'],
    because: 'a surface translates; it is deleted with its folder, so no other may lean on it',
  },
  'surfaces/service': { may: ['database', 'blobs', 'contract', 'http'], because: 'it asks the engines how they are' },
  '.': {
    may: [
      'blobs',
      'command-line',
      'config',
      'contract',
      'database',
      'domain',
      'embedded',
      'http',
      'identity',
      'observe',
      'operations',
      'streams',
      'surfaces/bulgur',
      'surfaces/cumulonimbus',
      'surfaces/service',
      'surfaces/spacedog',
      'surfaces/supabase',
      'surfaces/zipline',
      'sweeper',
    ],
    because: 'the composition root builds everything',
  },
  'command-line': {
    may: ['.', 'config', 'database', 'domain', 'embedded', 'identity', 'observe', 'operations', 'sweeper'],
    because: 'commands use the composed gateway, not the wires or the stores',
  },
};

/** The one room of each third-party package. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  pg: ['database', 'embedded'],
  '@aws-sdk/client-s3': ['blobs'],
  '@aws-sdk/lib-storage': ['blobs'],
  '@smithy/node-http-handler': ['blobs'],
  undici: ['blobs'],
  express: ['http'],
  busboy: ['http'],
  'content-disposition': ['http'],
  'file-type': ['streams'],
  jsonwebtoken: ['identity'],
  otpauth: ['identity'],
  ajv: ['contract'],
  'ajv-formats': ['contract'],
  yaml: ['contract'],
  winston: ['observe'],
  'winston-transport': ['observe'],
  'lru-cache': ['blobs'],
  'prom-client': ['observe'],
  commander: ['.', 'command-line'],
  'cli-progress': ['command-line'],
};

describe('imports', () => {
  it.each(Object.entries(RULES))('of %s stay within the design', (place, { may }) => {
    const stray = imports.filter(
      one => placeOf(one.file) === place && one.folder !== null && one.folder !== place && !may.includes(one.folder),
    );
    expect(stray.map(one => `${one.file} imports ${one.specifier}`)).toEqual([]);
  });

  it('come from known places only', () => {
    expect([...new Set(files.map(placeOf))].sort()).toEqual(Object.keys(RULES).sort());
  });

  it('bring each package into its one room', () => {
    const packages = imports.filter(one => one.folder === null && !one.specifier.startsWith('node:'));
    const stray = packages.filter(one => {
      const name = one.specifier
        .split('/')
        .slice(0, one.specifier.startsWith('@') ? 2 : 1)
        .join('/');
      return !(HOMES[name] ?? []).includes(placeOf(one.file));
    });
    expect(stray.map(one => `${one.file} imports ${one.specifier}`)).toEqual([]);
  });

  it('of HTTP are not made by nouns, rules, statements and operations', () => {
    const wireless = ['domain', 'database', 'operations', 'sweeper'];
    const stray = imports.filter(one => wireless.includes(placeOf(one.file)) && /^node:https?$/.test(one.specifier));
    expect(stray.map(one => `${one.file} imports ${one.specifier}`)).toEqual([]);
  });

  it('of the database by a surface are types only: what runs is an operation', () => {
    const text = (file: string) => readFileSync(join(SOURCE, file), 'utf8');
    const stray = files
      .filter(file => file.startsWith('surfaces/'))
      .flatMap(file => [...text(file).matchAll(/^import (?!type )[^;]*?'[^']*\/database\/[^']*'/gms)].map(() => file));
    expect(stray).toEqual([]);
  });
});

describe('source files', () => {
  it('leave the environment to src/config', () => {
    const readers = files.filter(file => /process\.env\b/.test(readFileSync(join(SOURCE, file), 'utf8')));
    expect(readers).toEqual(['config/process-environment.ts']);
  });

  it('name their exports', () => {
    const unnamed = files.filter(file => /^export default/m.test(readFileSync(join(SOURCE, file), 'utf8')));
    expect(unnamed).toEqual([]);
  });

  it('stay below 400 lines', () => {
    const long = files.filter(
      file => readFileSync(join(SOURCE, file), 'utf8').split('\n').length > 400 && !file.includes('generated'),
    );
    expect(long.map(file => relative(SOURCE, join(SOURCE, file)))).toEqual([]);
  });
});
