/** `sluice token`: prints a signed login token for scripts and trials. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../config/quantities.ts';
import { type Output, printResult } from './output.ts';

export interface TokenCommandParts {
  readonly output: Output;
  /** The roles that a token may name. */
  readonly roles: () => readonly string[];
  readonly signToken: (claims: Record<string, unknown>, lifetimeSeconds: number) => string;
}

interface TokenOptions {
  readonly role: string;
  readonly sub?: string;
  readonly claims: Record<string, unknown>;
  readonly expires: number;
  readonly json: boolean;
}

export function makeTokenCommand({ output, roles, signToken }: TokenCommandParts): Command {
  return new Command('token')
    .description('print a signed token (JWT) for a role')
    .requiredOption('--role <role>', 'the database role that requests run as')
    .option('--sub <subject>', 'the user: what auth.uid() returns in policies')
    .addOption(
      new Option('--claims <json>', 'further claims, as a JSON object').argParser(parseClaims).default({}, 'none'),
    )
    .addOption(
      new Option('--expires <duration>', 'lifetime with its unit, such as 30m, 24h or 365d')
        .argParser(parseLifetime)
        .default(3600, '1h'),
    )
    .option('--json', 'print JSON', false)
    .action(({ role, sub, claims, expires, json }: TokenOptions, command: Command) => {
      if (!roles().includes(role)) {
        command.error(`error: the role '${role}' is not in DATABASE_ROLES (${roles().join(', ')})`);
      }
      const all = { ...claims, ...(sub === undefined ? {} : { sub }), role };
      const token = signToken(all, expires);
      printResult(output, { json, value: { token, claims: all, lifetimeSeconds: expires }, text: token });
    });
}

function parseLifetime(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs === null || durationMs < 1000)
    throw new InvalidArgumentError('It takes a duration such as 30m, 24h or 365d.');
  return Math.floor(durationMs / 1000);
}

/** A login with the claims of a link would be refused everywhere, and a lifetime has its own option. */
const FOREIGN_CLAIMS = ['url', 'path', 'iat', 'exp', 'role'];

function parseClaims(text: string): Record<string, unknown> {
  let claims: unknown;
  try {
    claims = JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('It takes a JSON object.');
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) {
    throw new InvalidArgumentError('It takes a JSON object.');
  }
  const foreign = FOREIGN_CLAIMS.find(name => name in claims);
  if (foreign !== undefined) throw new InvalidArgumentError(`The claim '${foreign}' cannot be given here.`);
  return claims as Record<string, unknown>;
}
