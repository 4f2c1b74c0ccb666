/** A copy of this tree whose sources a test may damage, to see whether another test notices. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '../../src/database/migrate.ts';
import { asAdmin, TEST_SERVER_VARIABLE, testServer, withDatabase } from './test-database.ts';

const ROOT = join(__dirname, '..', '..');
const COPIED = ['src', 'db', 'policies', 'test', 'openapi.yaml', 'package.json', 'tsconfig.json'];
/** A test that hangs has noticed something, too. */
const LONGEST_RUN_MS = 90_000;

/** One replacement in one file; `find` stands there exactly once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

export interface TestRun {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /** For failures: what jest said. */
  readonly words: string;
}

/** The texts of the files with the edits made. Throws where a `find` is not there exactly once. */
export async function damage(edits: readonly Edit[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const { file, find, put } of edits) {
    const parts = (texts.get(file) ?? (await readFile(join(ROOT, file), 'utf8'))).split(find);
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`);
    texts.set(file, parts.join(put));
  }
  return texts;
}

export class ScratchTree {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  static async make(root: string): Promise<ScratchTree> {
    await mkdir(root, { recursive: true });
    for (const name of COPIED) await cp(join(ROOT, name), join(root, name), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    // The engines are those of the test that runs this one.
    const config = await readFile(join(ROOT, 'jest.config.js'), 'utf8');
    await writeFile(join(root, 'jest.config.js'), config.replace(/^ +global(?:Setup|Teardown):.*\n/gm, ''));
    return new ScratchTree(root);
  }

  /** Runs the tests of one file whose titles match, with these edits made; afterwards the copy is whole again. */
  async run(edits: readonly Edit[], tests: { readonly file: string; readonly titles: RegExp }): Promise<TestRun> {
    try {
      for (const [file, text] of await damage(edits)) await writeFile(join(this.#root, file), text);
      const isSql = edits.some(({ file }) => file.startsWith('db/') || file.startsWith('policies/'));
      return isSql ? await this.#runOnOwnTemplate(tests) : await this.#jest(tests, {});
    } finally {
      for (const { file } of edits) await cp(join(ROOT, file), join(this.#root, file));
    }
  }

  async #runOnOwnTemplate(tests: Parameters<ScratchTree['run']>[1]): Promise<TestRun> {
    const { admin } = testServer();
    const template = `sluice_damaged_${process.pid}`;
    await asAdmin(admin, `create database ${template}`);
    try {
      await migrate(withDatabase(admin, template), this.#root);
      return await this.#jest(tests, { [TEST_SERVER_VARIABLE]: JSON.stringify({ admin, template }) });
    } finally {
      await asAdmin(admin, `drop database ${template} with (force)`);
    }
  }

  #jest({ file, titles }: Parameters<ScratchTree['run']>[1], env: Record<string, string>): Promise<TestRun> {
    const results = join(this.#root, 'results.json');
    const args = ['--runInBand', '--json', '--outputFile', results, '--testNamePattern', titles.source, file];
    return new Promise((resolve, reject) => {
      const whole = { ...process.env, ...env, DEFENCES: 'none' };
      const options = { cwd: this.#root, env: whole, timeout: LONGEST_RUN_MS, killSignal: 'SIGKILL' as const };
      execFile(
        process.execPath,
        [join(ROOT, 'node_modules/jest/bin/jest.js'), ...args],
        options,
        (_error, _out, words) => {
          readResults(results, words).then(resolve, reject);
        },
      );
    });
  }

  async remove(): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }
}

interface JestResults {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

async function readResults(path: string, words: string): Promise<TestRun> {
  const text = await readFile(path, 'utf8').catch(() => null);
  await rm(path, { force: true });
  if (text === null) return { passed: [], failed: ['(hung)'], words };
  const tests = (JSON.parse(text) as JestResults).testResults.flatMap(({ assertionResults }) => assertionResults);
  const named = (status: string) => tests.filter(test => test.status === status).map(({ fullName }) => fullName);
  return { passed: named('passed'), failed: named('failed'), words };
}
