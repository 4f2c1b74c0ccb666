/** Stands between the gateway and Postgres and reads what the gateway asks: per batch, each statement and its values. */
import { type AddressInfo, createServer } from 'node:net';
import type { ConnectionTarget } from '../../src/database/database.ts';
import { carry, through } from './postgres-wire.ts';

export interface TappedStatement {
  readonly text: string;
  readonly values: readonly (string | null)[];
}

export interface StatementTap {
  readonly target: ConnectionTarget;
  /** Everything sent under one Sync is one batch; a simple query is a batch of its own. */
  readonly batches: TappedStatement[][];
  stop(): Promise<void>;
}

/** For a server that is reached by a socket folder, or by TCP without TLS. */
export async function tapStatements(target: ConnectionTarget): Promise<StatementTap> {
  const batches: TappedStatement[][] = [];
  const server = createServer(client => {
    carry(
      client,
      target,
      makeBatchReader(batch => batches.push(batch)),
    );
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    target: through(target, (server.address() as AddressInfo).port),
    batches,
    stop: () => new Promise(resolve => server.close(() => resolve())),
  };
}

/** Follows one connection: names given by Parse, statements asked for by Bind, the end of a batch at Sync. */
function makeBatchReader(onBatch: (batch: TappedStatement[]) => void): (type: string, body: Buffer) => void {
  const texts = new Map<string, string>();
  let batch: TappedStatement[] = [];
  return (type, body) => {
    if (type === 'P') {
      const [name, text] = [textAt(body, 0), textAt(body, textAt(body, 0).length + 1)];
      texts.set(name, text);
    } else if (type === 'B') {
      const portal = textAt(body, 0);
      const name = textAt(body, portal.length + 1);
      batch.push({ text: texts.get(name) ?? '', values: valuesAt(body, portal.length + name.length + 2) });
    } else if (type === 'Q') {
      onBatch([{ text: textAt(body, 0), values: [] }]);
    } else if (type === 'S') {
      onBatch(batch);
      batch = [];
    }
  };
}

/** Names and statements here are ASCII, so characters are bytes. */
function textAt(body: Buffer, start: number): string {
  return body.toString('latin1', start, body.indexOf(0, start));
}

/** Bind, after its two names: format codes, then each value with its length (Postgres, "Message Formats"). */
function valuesAt(body: Buffer, start: number): (string | null)[] {
  let at = start + 2 + 2 * body.readInt16BE(start);
  const count = body.readInt16BE(at);
  at += 2;
  return Array.from({ length: count }, () => {
    const length = body.readInt32BE(at);
    at += 4 + Math.max(0, length);
    return length < 0 ? null : body.toString('utf8', at - length, at);
  });
}
