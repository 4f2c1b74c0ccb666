/**
 * Many clients in a process of their own, each reading one large object as slowly as it is told. Arguments: URL, how many,
 * bytes a second each. Says when asked how many have got their first bytes, and ends when its parent lets go.
 */
import { connect } from 'node:net';

const [url = '', count = '0', bytesPerSecond = '0'] = process.argv.slice(2);
const { host, hostname, port, pathname, search } = new URL(url);
const TICK_MS = 250;
const share = Math.ceil((Number(bytesPerSecond) * TICK_MS) / 1000);
let begun = 0;
let refused = 0;

for (let index = 0; index < Number(count); index++) {
  const socket = connect({ host: hostname, port: Number(port), highWaterMark: share });
  let isFirst = true;
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  socket.on('readable', () => {
    if (!isFirst) return;
    isFirst = false;
    if (String(socket.read(share) ?? '').startsWith('HTTP/1.1 200')) begun += 1;
    else refused += 1;
    const timer = setInterval(() => socket.read(share), TICK_MS);
    socket.once('close', () => clearInterval(timer));
  });
  socket.on('error', () => {
    refused += 1;
  });
}

process.on('message', () => process.send?.({ begun, refused }));
process.once('disconnect', () => process.exit(0));
