/** A stand-in for a gateway that a test can kill: starts the embedded Postgres of a folder, says so, and holds it. */
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.ts';
import { packageRoot } from '../../src/package-root.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };
const directory = process.argv[2] ?? '';
const postgres = await startEmbeddedPostgres({ directory, packageRoot: packageRoot(), log, durable: false });
process.stdout.write(`${JSON.stringify({ connection: postgres.connection, adopted: postgres.adopted })}\n`);
process.once('SIGTERM', async () => {
  await postgres.stop();
  process.exit(0);
});
