/**
 * Removes one defence after another in a copy of this tree and expects its tests to turn red there, beside a control that
 * stays green. `npm test` takes a few by a printed seed; DEFENCES=all takes them all and prints the table of the README,
 * DEFENCES=doors those of the doors with accounts, DEFENCES='a word' those whose name has it, FAULT_SEED repeats a choice.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { damage, ScratchTree } from '../../support/scratch-tree.ts';
import type { Defence } from './defence.ts';
import { CONTROLS, DEFENCES } from './defences.ts';
import { DOOR_DEFENCES } from './door-defences.ts';

const WISH = process.env.DEFENCES ?? '';
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000);
const SAMPLE = 2;

/** Neighbors in the list belong together, so a sample takes them from far apart. */
function chosen(): readonly Defence[] {
  if (WISH === 'all') return DEFENCES;
  if (WISH === 'doors') return DOOR_DEFENCES;
  if (WISH !== '') return DEFENCES.filter(({ name }) => name.includes(WISH));
  process.stdout.write(`defences, seed ${SEED}\n`);
  const step = Math.floor(DEFENCES.length / SAMPLE);
  return DEFENCES.filter((_, index) => index % step === SEED % step).slice(0, SAMPLE);
}

it.each(DEFENCES.map(defence => [defence.name, defence] as const))(
  'still stands where it is known: %s',
  async (_, one) => {
    expect((await damage(one.edits)).size).toBeGreaterThan(0);
  },
);

// A run within a run has no defences to remove.
const describeOutside = WISH === 'none' ? describe.skip : describe;

describeOutside('a defence that is removed turns its tests red', () => {
  const defences = chosen();
  let tree: ScratchTree;

  beforeAll(async () => {
    tree = await ScratchTree.make(await mkdtemp(join(tmpdir(), 'sluice-defences-')));
  }, 60_000);
  afterAll(() => tree.remove());

  it.each(defences.map(defence => [defence.name, defence] as const))(
    '%s',
    async (name, { edits, tests }) => {
      const control = CONTROLS[tests.file];
      const titles = control === undefined ? tests.titles : new RegExp(`${tests.titles.source}|${control.source}`);
      const { failed, passed, words } = await tree.run(edits, { file: tests.file, titles });
      const isControl = (title: string) => control?.test(title) === true;
      const red = failed.filter(title => !isControl(title));
      const ofAll = red.length + passed.filter(title => !isControl(title)).length;
      if (WISH !== '') process.stdout.write(`| ${name} | ${red.length} of ${ofAll} | ${red[0]} |\n`);
      if (red.length === 0) throw new Error(`nothing turned red of ${titles}:\n${words}`);
      if (control !== undefined && !red.includes('(hung)') && !passed.some(isControl)) {
        throw new Error(`the gateway does not work at all:\n${words}`);
      }
    },
    120_000,
  );
});
