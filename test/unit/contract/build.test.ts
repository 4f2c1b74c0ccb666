/** What `npm run build` makes of the contract, by the command of package.json itself. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

const ROOT = join(__dirname, '../../..');
const CONTRACT = readFileSync(join(ROOT, 'openapi.yaml'), 'utf8');
const [, toJson = ''] = (
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { build: string } }
).scripts.build.split('tsconfig.build.json && ');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-build-'));
  mkdirSync(join(folder, 'dist'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function built(yaml: string): unknown {
  writeFileSync(join(folder, 'openapi.yaml'), yaml);
  const path = `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`;
  execFileSync('sh', ['-c', toJson], { cwd: folder, env: { ...process.env, PATH: path } });
  return JSON.parse(readFileSync(join(folder, 'dist/openapi.json'), 'utf8'));
}

it('fails where the contract is no YAML', () => {
  expect(() => built('a: b: c')).toThrow();
});

it('is the contract, wherever a reader of 64 KiB pieces would cut it', () => {
  const mapping = CONTRACT.indexOf('      items:\n        type: object') + '      items:\n     '.length;
  const cut = Buffer.byteLength(CONTRACT.slice(0, mapping));
  const moved = `#${'-'.repeat(65_536 - ((cut + 2) % 65_536))}\n${CONTRACT}`;
  expect(built(moved)).toEqual(parse(CONTRACT));
});
