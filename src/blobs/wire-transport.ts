/** Requests to an engine on plain TCP over our own connections, of which the unused ones are kept for a while. */
import { LARGE_BUFFERS, makeBufferPool } from '../streams/buffer-pool.ts';
import type { S3Transport, TransportRequest, TransportSettings } from './s3-transport.ts';
import { WireConnection, type WirePlace } from './wire-connection.ts';

/** An answer that comes in one read needs no more memory than this. */
const SCRATCH_BYTES = 128 * 1024;
/** What may neither break a request in two nor be lost in the encoding of its head. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;

export function makeWireTransport({ origin, timeouts, keepMs }: TransportSettings): S3Transport {
  const all = new Set<WireConnection>();
  const free: WireConnection[] = [];
  const place: WirePlace = {
    host: origin.hostname.replace(/^\[|\]$/g, ''),
    port: Number(origin.port || 80),
    timeouts,
    keepMs,
    scratch: Buffer.allocUnsafeSlow(SCRATCH_BYTES),
    pool: makeBufferPool(LARGE_BUFFERS),
    onFree: connection => free.push(connection),
    onClose: connection => {
      all.delete(connection);
      const index = free.indexOf(connection);
      if (index !== -1) free.splice(index, 1);
    },
  };
  const open = () => {
    const connection = new WireConnection(place);
    all.add(connection);
    return connection;
  };
  return {
    send(request) {
      const head = headOf(request);
      let connection = free.pop();
      while (connection?.isOpen === false) connection = free.pop();
      return (connection ?? open()).send(head, request);
    },
    close: async () => {
      for (const connection of all) connection.destroy();
    },
  };
}

function headOf({ method, path, headers }: TransportRequest): string {
  let isSendable = !UNSENDABLE.test(path);
  let head = `${method} ${path} HTTP/1.1\r\n`;
  for (let index = 0; index < headers.length; index += 2) {
    const value = headers[index + 1] ?? '';
    isSendable &&= !UNSENDABLE.test(value);
    head += `${headers[index]}: ${value}\r\n`;
  }
  if (!isSendable) throw new TypeError('a header holds what no header may hold');
  return `${head}\r\n`;
}
