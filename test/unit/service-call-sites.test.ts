/** Where the gateway acts as `service_role` on nobody's behalf: a handful of places, each named with its reason. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE = join(__dirname, '..', '..', 'src');

/** By file and enclosing function, one entry a call. */
const CALL_SITES: Readonly<Record<string, string>> = {
  'operations/find-object.ts findObjectRow': 'reads from a public bucket, whoever asks',
  'operations/find-object.ts findByLink': 'redeems a download link',
  'operations/open-tree.ts openTree': 'redeems a path token',
  'operations/put-object.ts putObject': 'redeems an upload link',
  'sweeper/fsck.ts checkStorage': 'compares rows, ledger and bytes, hidden rows as well',
  'sweeper/sweeper.ts removeOver': 'sweeps: files whose views are spent or whose time is up, whosever they are',
  'sweeper/sweeper.ts settleRemovals':
    'sweeps: what a note of removed rows names is dead only where no row names it still',
  'sweeper/sweeper.ts claim': 'sweeps: a dead blob is dead only where no row names it, hidden or not',
};

/** Where the service's identity is taken without a request to begin with. */
const IDENTITY_SITES: Readonly<Record<string, string>> = {
  'domain/caller.ts asService': 'is the one way from a request to the service',
  'command-line/visit.ts commandScope': "an operator's command: whoever may run it holds the keys already",
};

const FUNCTION = /^(?:export )?(?:async )?function (\w+)|^(?:export )?const (\w+)/;

/** Each use of a word in code, as `file function`. */
function usesOf(word: RegExp): string[] {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
  return files.sort().flatMap(file => {
    let enclosing = '';
    return readFileSync(join(SOURCE, file), 'utf8')
      .split('\n')
      .flatMap(line => {
        const [, asFunction, asConst] = FUNCTION.exec(line) ?? [];
        enclosing = asFunction ?? asConst ?? enclosing;
        const isCode = !/^\s*(\*|\/\*|\/\/|import\b|export function|export const)/.test(line);
        return isCode ? [...line.matchAll(word)].map(() => `${file} ${enclosing}`) : [];
      });
  });
}

it('acts as the service in exactly the places that DESIGN names: public buckets, links, the sweeper with fsck', () => {
  expect(usesOf(/\basService\(/g).sort()).toEqual(Object.keys(CALL_SITES).sort());
});

it('takes the identity of the service nowhere else', () => {
  expect(usesOf(/\bSERVICE_CALLER\b/g).sort()).toEqual(Object.keys(IDENTITY_SITES).sort());
});

it('spells the role of the service only where it is defined, offered as a setting, or given to an operator as a key', () => {
  expect([...new Set(usesOf(/service_role/g))].sort()).toEqual([
    'config/settings.ts SETTINGS',
    'domain/caller.ts SERVICE_CALLER',
    'identity/service-keys.ts makeServiceKeys',
  ]);
});
