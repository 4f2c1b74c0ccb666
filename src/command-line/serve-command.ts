/**
 * `sluice serve`: engines first (embedded Postgres, migration), then the gateway in this process or in several, then the
 * welcome; at the end the same backwards. What the parts are is decided by the composition root.
 */
import { Command } from 'commander';
import { type Output, printResult } from './output.ts';
import { renderWelcome, type Welcome } from './welcome.ts';

/** What must run before any gateway: Postgres up and migrated. */
export interface Engines {
  /** Tells worker processes where the engines are; added to their environment. */
  readonly workerEnvironment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface RunningGateway {
  /** The port that is listened on. */
  readonly port: number;
  /** Drains: running requests finish, new ones are refused. */
  stop(): Promise<void>;
}

export interface ServeCommandParts {
  readonly output: Output;
  readonly startEngines: () => Promise<Engines>;
  /** Serves, in this process or in several. */
  readonly startGateway: (engines: Engines) => Promise<RunningGateway>;
  readonly welcome: (port: number) => Welcome;
  /** Resolves when the gateway is to end, with the signal that says so. Listens from the moment it is called. */
  readonly awaitShutdown: () => Promise<string>;
  /** For the log: who reads it must be able to tell a stop from a crash. */
  readonly note: (message: string, fields: object) => void;
}

/** A signal during the start waits until the start has come to an end, so nothing half-started stays behind. */
export function makeServeCommand(parts: ServeCommandParts): Command {
  return new Command('serve')
    .description('run the gateway until SIGTERM or SIGINT')
    .option('--json', 'print the welcome as JSON', false)
    .option('--quiet', 'print no welcome, whose keys a collector of logs would keep', false)
    .action(async ({ json, quiet }: { json: boolean; quiet: boolean }) => {
      const shutdown = parts.awaitShutdown();
      const engines = await parts.startEngines();
      try {
        const gateway = await parts.startGateway(engines);
        const welcome = parts.welcome(gateway.port);
        parts.note('serving', { url: welcome.url, rows: welcome.database, bytes: welcome.store });
        if (!quiet) printResult(parts.output, { json, value: welcome, text: renderWelcome(welcome) });
        parts.note('stopping: what has begun is finished', { signal: await shutdown });
        await gateway.stop();
      } finally {
        await engines.stop();
      }
      parts.note('stopped', {});
    });
}
