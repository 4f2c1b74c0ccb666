/** The yardstick of the guard, a process of its own: at each message it says how much CPU time one turn of work takes now. */
import { turn } from './turn.mjs';

const MILLISECONDS = 400;
const TURNS_BETWEEN_LOOKS = 100;

process.on('message', () => {
  const end = performance.now() + MILLISECONDS;
  const before = process.cpuUsage();
  let turns = 0;
  let kept = 0;
  while (performance.now() < end) {
    for (let count = 0; count < TURNS_BETWEEN_LOOKS; count++) kept += turn(turns++);
  }
  const { user, system } = process.cpuUsage(before);
  process.send?.({ microsPerTurn: (user + system) / turns, kept });
});
process.once('disconnect', () => process.exit(0));
