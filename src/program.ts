/** The command line. Wires each command to what does its work; the work itself is elsewhere. */
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { makeConfigCommand } from './command-line/config-command.ts';
import { startPostgresEngine } from './command-line/engines.ts';
import { makeFsckCommand } from './command-line/fsck-command.ts';
import { makeMigrateCommand } from './command-line/migrate-command.ts';
import { makeOutput, renderFailure } from './command-line/output.ts';
import { makeRevokeLinksCommand } from './command-line/revoke-links-command.ts';
import { makeServe, runWorker } from './command-line/run-gateway.ts';
import { makeSqlCommand } from './command-line/sql-command.ts';
import { makeTokenCommand } from './command-line/token-command.ts';
import { makeUserActions } from './command-line/user-actions.ts';
import { makeUserCommand } from './command-line/user-command.ts';
import { withApp } from './command-line/visit.ts';
import type { Config } from './config/config.ts';
import { processEnvironment, silenceSdkNodeWarning } from './config/process-environment.ts';
import { describeSettings, isDebugging, readConfig, readSetting } from './config/read-config.ts';
import { loadOrCreateSecret, loadSecret } from './config/secrets.ts';
import { runSql } from './database/run-sql.ts';
import { fingerprintOf } from './identity/link-claims.ts';
import { signToken } from './identity/sign-token.ts';
import { makeLogger } from './observe/logger.ts';
import { revoke } from './operations/share-objects.ts';
import { packageRoot } from './package-root.ts';
import { checkStorage } from './sweeper/fsck.ts';

silenceSdkNodeWarning();
const env = processEnvironment();
const output = makeOutput(process);
const readText = (path: string): string => readFileSync(path, 'utf8');
const config = () => readConfig(env, { readFile: readText, generatedSecret: loadOrCreateSecret });

const program = new Command('sluice')
  .description('An object-storage gateway whose accesses are decided by row-level security in Postgres.')
  .version(JSON.parse(readText(join(packageRoot(), 'package.json'))).version)
  .showHelpAfterError('(sluice <command> --help says what it takes)');

program.addCommand(
  makeConfigCommand({
    output,
    describe: () => describeSettings(env),
    // Looking at the settings leaves no secret behind.
    check: () => void readConfig(env, { readFile: readText, generatedSecret: dataDir => loadSecret(dataDir) ?? '' }),
  }),
);
program.addCommand(
  makeTokenCommand({
    output,
    roles: () => readSetting(env, 'DATABASE_ROLES'),
    signToken: (claims, lifetimeSeconds) =>
      signToken(claims, { secret: config().jwt.secret, lifetimeSeconds, clock: Date }),
  }),
);

const gatewayParts = {
  config,
  packageRoot: packageRoot(),
  output,
  makeLog: ({ logLevel }: { logLevel: Config['logLevel'] }) => makeLogger({ level: logLevel }),
};
/** Commands speak for themselves; their log tells only what goes wrong. */
const visit = () => ({
  config: config(),
  packageRoot: packageRoot(),
  log: makeLogger({ level: 'error', stream: process.stderr }),
});

program.addCommand(makeServe(gatewayParts));
program.addCommand(
  makeMigrateCommand({
    output,
    migrate: async onProgress => {
      const postgres = await startPostgresEngine({
        ...visit(),
        stay: 'visit',
        onProgress: ({ file, done, total }) => onProgress({ what: file, done, total }),
      });
      await postgres.stop();
      return postgres;
    },
  }),
);
program.addCommand(
  makeUserCommand({
    output,
    readPassword: async () => (await text(process.stdin)).replace(/\r?\n[\s\S]*$/, ''),
    ...makeUserActions({ packageRoot: packageRoot(), visit: work => withApp(visit(), work) }),
  }),
);
program.addCommand(
  makeRevokeLinksCommand({
    output,
    revokeLinks: ({ bucket, name, token }) =>
      withApp(visit(), (app, scope) =>
        revoke(app.core, scope, { bucket, name, fingerprint: token === null ? null : fingerprintOf(token) }),
      ),
  }),
);

const fsck = makeFsckCommand({
  output,
  fsck: (options, onProgress) =>
    withApp(visit(), (app, scope) =>
      checkStorage({ ...app.core, graceMs: config().sweepGraceMs }, scope, { options, onProgress }),
    ),
  setExitCode: code => {
    process.exitCode = code;
  },
});
program.addCommand(fsck);
program.addCommand(
  makeSqlCommand({
    output,
    readFile: readText,
    readInput: () => text(process.stdin),
    runSql: async statements => {
      const postgres = await startPostgresEngine({ ...visit(), stay: 'visit' });
      return runSql(postgres.adminTarget, statements).finally(() => postgres.stop());
    },
  }),
);

inheritSettings(program);
// A mistyped option is no finding: nothing was checked.
fsck.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

try {
  if (cluster.isWorker) await runWorker(gatewayParts);
  else await program.parseAsync();
} catch (error) {
  output.tell(renderFailure(error, isDebugging(env)));
  process.exitCode ??= 1;
}

/** Commands that are added whole learn nothing of their parent by themselves. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inheritSettings(command);
  }
}
