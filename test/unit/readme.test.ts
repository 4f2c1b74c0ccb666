import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withTables } from '../support/readme-tables.ts';

const ROOT = join(__dirname, '..', '..');

describe('the README', () => {
  it('says of settings, metrics and errors what the code says', async () => {
    const text = await readFile(join(ROOT, 'README.md'), 'utf8');
    const expected = withTables(text);
    if (process.env.WRITE_README_TABLES === 'true') await writeFile(join(ROOT, 'README.md'), expected);
    expect(text).toBe(expected);
  });

  it('names every command and every dependency', async () => {
    const text = await readFile(join(ROOT, 'README.md'), 'utf8');
    const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    expect(Object.keys(dependencies).filter(name => !text.includes(`\`${name}\``))).toEqual([]);
  });
});
