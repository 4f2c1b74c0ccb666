/** A gateway of nothing but worker processes: every reply is the pid that gave it. Driven by cluster.test.ts. */
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { killWorkers, startCluster } from '../../src/command-line/cluster.ts';
import { awaitShutdown } from '../../src/command-line/shutdown.ts';
import { askForMetrics, awaitDrain } from '../../src/command-line/worker-process.ts';

if (cluster.isPrimary) await runPrimary();
else await runWorker();

async function runPrimary(): Promise<void> {
  const shutdown = awaitShutdown(process, () => {
    killWorkers(cluster);
    process.exit(130);
  });
  const tell = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
  cluster.on('listening', worker => tell({ listening: worker.process.pid }));
  const gateway = await startCluster({
    cluster,
    workers: 2,
    environment: { GREETING: 'told by the primary' },
    aggregateMetrics: async () => `metrics of ${Object.keys(cluster.workers ?? {}).length} workers`,
    onWorkerDeath: death => tell({ death }),
    drainTimeoutMs: 5_000,
  });
  tell({ port: gateway.port });
  await shutdown;
  await gateway.stop();
  tell({ stopped: true });
}

async function runWorker(): Promise<void> {
  if (process.argv[2] === 'fail') throw new Error('this worker cannot start');
  const drain = awaitDrain(process);
  const server = createServer(async (request, response) => {
    if (request.url === '/metrics') response.end(await askForMetrics(process));
    else response.end(`${process.pid} ${process.env.GREETING}`);
  });
  server.listen(0, '127.0.0.1');
  await drain;
  if (process.argv[2] === 'stubborn') return;
  server.close();
  server.closeAllConnections();
  process.disconnect();
}
