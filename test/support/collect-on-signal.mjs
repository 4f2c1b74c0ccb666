// Preloaded into a gateway that is measured. SIGUSR2 collects the garbage, so that its heap shows what it holds; SIGWINCH
// counts the objects that it holds, which takes a second or two, and writes them into the file HELD_FILE.
import { renameSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
process.on('SIGUSR2', () => collectGarbage());

const { HELD_FILE } = process.env;
const count = kind => queryObjects(kind, { format: 'count' });
process.on('SIGWINCH', () => {
  const held = { objects: count(Object), streams: count(Readable), signals: count(AbortSignal) };
  writeFileSync(`${HELD_FILE}.new`, JSON.stringify(held));
  renameSync(`${HELD_FILE}.new`, HELD_FILE);
});
