/** The SQL as people read it: policies and definer functions are explained, and no name is longer than Postgres keeps. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const OURS = new Set(['policies/roles.sql', 'policies/grants.sql']);
const NAME_MAX_BYTES = 63;

interface SqlFile {
  readonly path: string;
  readonly lines: readonly string[];
  readonly text: string;
}

function readFolder(folder: string): SqlFile[] {
  const names = readdirSync(join(ROOT, folder)).filter(name => name.endsWith('.sql'));
  return names.map(name => {
    const text = readFileSync(join(ROOT, folder, name), 'utf8');
    return { path: `${folder}/${name}`, lines: text.split('\n'), text };
  });
}

const files = ['db/migrations', 'db/functions', 'policies'].flatMap(readFolder);
const sets = files.filter(({ path }) => path.startsWith('policies/') && !OURS.has(path));

/** The comment that ends right above a line, as one text. */
function commentAbove(lines: readonly string[], index: number): string {
  const above: string[] = [];
  for (let at = index - 1; /^\s*--/.test(lines[at] ?? ''); at -= 1) above.unshift(lines[at] ?? '');
  return above.map(line => line.replace(/^\s*--\s?/, '')).join(' ');
}

/** Each statement that begins with these words: its file, its first line, the comment above. */
function statements(beginning: RegExp) {
  return files.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => {
      const [match, name = ''] = beginning.exec(line) ?? [];
      if (match === undefined) return [];
      const end = lines.findIndex((later, at) => at > index && /\$(f?)\$/.test(later));
      const head = lines.slice(index, end === -1 ? undefined : end + 1).join('\n');
      return [{ path, name, head, comment: commentAbove(lines, index) }];
    }),
  );
}

const SENTENCE = /^[A-Z].*\.$/;
const policies = statements(/^\s*create policy ("[^"]+"|\S+) on/);
const functions = statements(/^\s*create (?:or replace )?function ([\w.]+)/);
const definers = functions.filter(({ head }) => /security definer/.test(head));

it.each(policies.map(policy => [policy.name, policy] as const))('%s has a sentence above it', (_, policy) => {
  expect(policy.comment).toMatch(SENTENCE);
});

it.each(definers.map(made => [made.name, made] as const))(
  '%s says why it is a definer, and pins its path',
  (_, made) => {
    expect(made.comment).toMatch(/^SECURITY DEFINER: .*\.$/);
    expect(made.head).toContain("set search_path = ''");
  },
);

it.each(functions.filter(({ path }) => path.startsWith('db/functions/')).map(made => [made.name, made] as const))(
  '%s has a sentence above it',
  (_, made) => {
    expect(made.comment).toMatch(SENTENCE);
  },
);

it('finds what it judges', () => {
  expect(policies.length).toBeGreaterThan(20);
  expect(definers.length).toBeGreaterThan(3);
});

it('keeps every name within the 63 bytes that Postgres keeps', () => {
  const naming =
    /\b(?:create policy|constraint|index|trigger|table|function|type) (?:if not exists )?("[^"]+"|[\w.]+)/g;
  const names = files.flatMap(({ path, text }) =>
    [...text.matchAll(naming)].flatMap(([, name = '']) =>
      name.split('.').map(part => ({ path, name: part.replaceAll('"', '') })),
    ),
  );
  expect(names.length).toBeGreaterThan(60);
  expect(names.filter(({ name }) => Buffer.byteLength(name) > NAME_MAX_BYTES)).toEqual([]);
});

describe.each(sets.map(set => [set.path, set.text] as const))('%s', (_, text) => {
  it('names every policy once, and unlike those of the other sets', () => {
    const own = [...text.matchAll(/^create policy (\w+)/gm)].map(([, name]) => name);
    const all = sets.flatMap(set => [...set.text.matchAll(/^create policy (\w+)/gm)].map(([, name]) => name));
    expect(own.length).toBeGreaterThan(0);
    expect(own.filter(name => all.filter(other => other === name).length > 1)).toEqual([]);
  });

  it('asks who is asking once a statement, not once a row', () => {
    const code = text.replaceAll(/--.*$/gm, '');
    expect(
      [...code.matchAll(/(.{8})auth\.\w+\(/g)].map(([, before]) => before).filter(it => it !== '(select '),
    ).toEqual([]);
  });

  it("writes the bucket in the one form that policies/README.md says how to replace: = 'my-bucket'", () => {
    const code = text.replaceAll(/--.*$/gm, '');
    expect(code.replaceAll("id = 'my-bucket'", '')).not.toContain('my-bucket');
  });

  it('names the roles it is for', () => {
    for (const [policy] of text.matchAll(/^create policy[^;]*;/gm)) expect(policy).toMatch(/ to (anon|authenticated)/);
  });
});
