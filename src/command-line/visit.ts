/** A short visit of a command to the database and the store, beside whatever gateway is running. */
import { randomUUID } from 'node:crypto';
import { type App, makeApp } from '../app.ts';
import type { Config } from '../config/config.ts';
import type { ConnectionTarget } from '../database/database.ts';
import { type RequestScope, SERVICE_CALLER } from '../domain/caller.ts';
import type { Logger } from '../observe/logger.ts';
import { explainStore } from '../start-failure.ts';
import { startPostgresEngine } from './engines.ts';
import { letYoungGenerationGrow } from './heap-room.ts';

export interface VisitParts {
  readonly config: Config;
  readonly packageRoot: string;
  readonly log: Logger;
}

/**
 * Runs `work` with a gateway that does not listen and does not sweep, and takes everything down again. Commands act as
 * the service: whoever may run them holds the keys already.
 */
export async function withApp<Result>(
  { config, packageRoot, log }: VisitParts,
  work: (app: App, scope: RequestScope, adminTarget: ConnectionTarget) => Promise<Result>,
): Promise<Result> {
  const postgres = await startPostgresEngine({ config, packageRoot, log, stay: 'visit' });
  try {
    const app = await makeApp({ config, databaseTarget: postgres.target, packageRoot, log });
    letYoungGenerationGrow();
    try {
      return await work(app, commandScope(), postgres.adminTarget);
    } catch (error) {
      throw explainStore(error, config.s3);
    } finally {
      await app.stop();
    }
  } finally {
    await postgres.stop();
  }
}

function commandScope(): RequestScope {
  return {
    caller: SERVICE_CALLER,
    operation: 'sluice.command',
    method: '',
    path: '',
    headers: '{}',
    signal: new AbortController().signal,
    requestId: randomUUID(),
  };
}
