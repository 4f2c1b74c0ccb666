import { execFileSync } from 'node:child_process';
import { giveHeapRoom, holdYoungGeneration, letYoungGenerationGrow } from '../../src/command-line/heap-room.ts';

// V8 says nothing about a flag that it does not know, and the collector would run as if it had never been set.
it.each([
  ['--semi-space-growth-factor', holdYoungGeneration],
  ['--semi-space-growth-factor', letYoungGenerationGrow],
  ['--heap-growing-percent', giveHeapRoom],
])('sets %s, which this version of Node has', (flag, set) => {
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  expect(known).toContain(flag);
  expect(set).not.toThrow();
});
