import { execFileSync } from 'node:child_process';
import { giveHeapRoom } from '../../src/command-line/heap-room.ts';

// V8 says nothing about a flag that it does not know, and the collector would run as if it had never been set.
it('sets a flag that this version of Node has', () => {
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  expect(known).toContain('--heap-growing-percent');
  expect(giveHeapRoom).not.toThrow();
});
