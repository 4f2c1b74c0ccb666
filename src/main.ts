#!/usr/bin/env node
/** The command line. Wires each command to what does its work; the work itself is elsewhere. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { makeConfigCommand } from './command-line/config-command.ts';
import { makeOutput, renderFailure } from './command-line/output.ts';
import { makeTokenCommand } from './command-line/token-command.ts';
import { processEnvironment } from './config/process-environment.ts';
import { describeSettings, isDebugging, readConfig, readSetting } from './config/read-config.ts';
import { loadOrCreateSecret, loadSecret } from './config/secrets.ts';
import { signToken } from './identity/sign-token.ts';
import { packageRoot } from './package-root.ts';

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

try {
  await program.parseAsync();
} catch (error) {
  output.tell(renderFailure(error, isDebugging(env)));
  process.exitCode = 1;
}
