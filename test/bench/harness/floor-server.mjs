/** The least that any Node server does: 1 KiB from memory. Its CPU time a request tells how fast the machine is just now. */
import { createServer } from 'node:http';

const body = 'x'.repeat(1024);
const server = createServer((_req, res) => res.end(body));
server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
process.once('disconnect', () => process.exit(0));
