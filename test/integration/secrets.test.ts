import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadOrCreateSecret, loadSecret } from '../../src/config/secrets.ts';
import { packageRoot } from '../../src/package-root.ts';

describe('the generated secret', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-secret-'));
  });

  afterEach(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true, force: true });
  });

  it('is not replaced when its file is damaged', () => {
    writeFileSync(join(folder, 'jwt-secret'), 'short\n');
    expect(() => loadOrCreateSecret(folder)).toThrow(/is damaged; restore the file/);
  });

  it.each(['data', 'data/below'])('cannot be kept where a file stands in the way of the folder %s', path => {
    writeFileSync(join(folder, 'data'), '');
    expect(() => loadOrCreateSecret(join(folder, path))).toThrow(
      /^A secret cannot be kept .*; set DATA_DIR to a folder/,
    );
  });

  it('is only looked for, not made, by a reader', () => {
    expect(loadSecret(join(folder, 'data'))).toBeNull();
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  it('is made once, readable by its owner alone, with more bytes than HS256 wants', () => {
    const dataDir = join(folder, 'data');
    const secret = loadOrCreateSecret(dataDir);
    expect(Buffer.byteLength(secret)).toBe(64);
    expect(loadOrCreateSecret(dataDir)).toBe(secret);
    expect(statSync(join(dataDir, 'jwt-secret')).mode & 0o777).toBe(0o600);
    expect(readdirSync(dataDir)).toEqual(['jwt-secret']);
  });

  it('is the same for processes that start at once', async () => {
    const module = join(packageRoot(), 'src/config/secrets.ts');
    const program = `import { loadOrCreateSecret } from ${JSON.stringify(module)}; process.stdout.write(loadOrCreateSecret(process.argv[1]));`;
    const hooks = join(packageRoot(), 'test/support/run-typescript.mjs');
    const outputs = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = spawn(process.execPath, [
          '--import',
          hooks,
          '--input-type=module',
          '-e',
          program,
          join(folder, 'data'),
        ]);
        let output = '';
        child.stdout.on('data', chunk => {
          output += String(chunk);
        });
        await once(child, 'close');
        return output;
      }),
    );
    expect(outputs[0]).toHaveLength(64);
    expect(new Set(outputs).size).toBe(1);
  });
});
