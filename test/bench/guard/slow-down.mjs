/** For `--import`: makes every request dearer by SLOW_TURNS turns of the yardstick's work, to see the guard fail. */
import { Server } from 'node:http';
import { turn } from './turn.mjs';

const { emit } = Server.prototype;
Server.prototype.emit = function (event, ...args) {
  if (event === 'request') for (let count = 0; count < Number(process.env.SLOW_TURNS); count++) turn(count);
  return emit.call(this, event, ...args);
};
