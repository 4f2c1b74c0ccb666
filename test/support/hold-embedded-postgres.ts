/** A stand-in for a gateway that a test can kill: starts the embedded Postgres of a folder, says so, and holds it. */
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.ts';

const directory = process.argv[2] ?? '';
const postgres = await startEmbeddedPostgres({ directory, durable: false });
process.stdout.write(`${JSON.stringify({ target: postgres.target, adopted: postgres.adopted })}\n`);
process.once('SIGTERM', async () => {
  await postgres.stop();
  process.exit(0);
});
