/**
 * The least that stands between a client and the store in Node: looks one row up and passes a presigned GET on, or passes a
 * PUT on and commits one row before it answers. It asks no policy, keeps no ledger, checks, logs and counts nothing; what
 * it does not reach, no gateway in Node that asks Postgres reaches on this machine.
 *
 * Its own connections to the store, read into memory that is used again, because undici and `node:http` cost more.
 */
import { createServer } from 'node:http';
import { connect } from 'node:net';
import pg from 'pg';

const [storePort, databaseUrl] = process.argv.slice(2);
const READ_BYTES = 2 * 1024 ** 2;
const UNSENT_BYTES = 256 * 1024;

const database = new pg.Pool({ connectionString: databaseUrl, max: 10 });
await database.query('create table if not exists bare (path text primary key, size bigint, at timestamptz)');
const free = [];

function open() {
  const memory = Buffer.allocUnsafeSlow(READ_BYTES);
  const connection = { socket: null, take: () => true };
  const onread = { buffer: memory, callback: (bytes, buffer) => connection.take(buffer.subarray(0, bytes)) };
  connection.socket = connect({ host: '127.0.0.1', port: Number(storePort), noDelay: true, onread });
  return connection;
}

/** `begin` and `end` get the answer's status; its pieces go to `each` with what is to be called before the next is read. */
function ask(req, { begin, each, end }) {
  const connection = free.pop() ?? open();
  const { socket } = connection;
  let status = 0;
  let remaining = 0;
  connection.take = bytes => {
    let piece = bytes;
    if (status === 0) {
      const at = bytes.indexOf('\r\n\r\n');
      const head = bytes.toString('latin1', 0, at);
      status = Number(head.slice(9, 12));
      remaining = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
      begin(status, remaining);
      piece = bytes.subarray(at + 4);
    }
    remaining -= piece.length;
    const isLast = remaining === 0;
    if (isLast) free.push(connection);
    if (piece.length > 0) each(piece, isLast, () => socket.resume());
    if (isLast) end(status);
    return isLast || piece.length === 0;
  };
  let text = `${req.method} ${req.url} HTTP/1.1\r\nhost: 127.0.0.1:${storePort}\r\n`;
  if (req.method === 'PUT') text += `content-length: ${req.headers['content-length']}\r\n`;
  socket.cork();
  socket.write(`${text}\r\n`, 'latin1');
  process.nextTick(() => socket.uncork());
  if (req.method === 'PUT') pass(req, socket);
}

const pathOf = req => req.url.split('?')[0];

function pass(req, socket) {
  const resume = () => req.resume();
  socket.on('drain', resume);
  req.on('end', () => socket.off('drain', resume));
  req.on('data', piece => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    socket.write(piece);
    if (socket.writableLength >= UNSENT_BYTES) req.pause();
  });
}

function put(req, res) {
  const row = {
    name: 'put',
    text: 'insert into bare values ($1, $2, now()) on conflict (path) do update set at = now()',
    values: [pathOf(req), req.headers['content-length']],
  };
  ask(req, {
    begin: () => {},
    each: () => {},
    end: status => {
      if (status !== 200) res.writeHead(status).end();
      else
        database.query(row).then(
          () => res.end('{}'),
          () => res.writeHead(500).end(),
        );
    },
  });
}

async function get(req, res) {
  await database.query({ name: 'get', text: 'select size from bare where path = $1', values: [pathOf(req)] });
  ask(req, {
    begin: (status, length) => res.writeHead(status, { 'content-length': length }),
    each: (piece, isLast, more) => {
      if (isLast) res.end(Buffer.from(piece));
      else res.write(piece, more);
    },
    end: () => {},
  });
}

const server = createServer((req, res) => void (req.method === 'PUT' ? put(req, res) : get(req, res)));
server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
process.once('disconnect', () => process.exit(0));
