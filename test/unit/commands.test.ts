import type { Command } from 'commander';
import { makeConfigCommand } from '../../src/command-line/config-command.ts';
import { makeFsckCommand } from '../../src/command-line/fsck-command.ts';
import { makeMigrateCommand } from '../../src/command-line/migrate-command.ts';
import { type Output, renderFailure } from '../../src/command-line/output.ts';
import { makeRevokeLinksCommand } from '../../src/command-line/revoke-links-command.ts';
import { makeServeCommand } from '../../src/command-line/serve-command.ts';
import { makeSqlCommand } from '../../src/command-line/sql-command.ts';
import { makeTokenCommand } from '../../src/command-line/token-command.ts';
import { type Changed, makeUserCommand } from '../../src/command-line/user-command.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { describeSettings } from '../../src/config/read-config.ts';
import type { FsckReport } from '../../src/sweeper/fsck-report.ts';

function makeRecorder(): Output & { printed: string[] } {
  const printed: string[] = [];
  return { printed, print: text => void printed.push(text), tell: () => {}, isWatched: false };
}

/** Runs a command with these arguments; a refusal of commander rejects with its message instead of ending the process. */
async function run(command: Command, ...args: string[]): Promise<void> {
  for (const one of [command, ...command.commands]) {
    one.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  }
  await command.parseAsync(args, { from: 'user' });
}

describe('sluice token', () => {
  const make = (output: Output) =>
    makeTokenCommand({
      output,
      roles: () => ['anon', 'authenticated'],
      signToken: (claims, lifetimeSeconds) => `signed:${JSON.stringify(claims)}:${lifetimeSeconds}`,
    });

  it.each([
    [['--role', 'postgres'], "the role 'postgres' is not in DATABASE_ROLES (anon, authenticated)"],
    [[], '--role <role>'],
    [['--role', 'anon', '--claims', 'x'], 'It takes a JSON object'],
    [['--role', 'anon', '--claims', '[1]'], 'It takes a JSON object'],
    [['--role', 'anon', '--claims', '{"url":"a/b"}'], "The claim 'url' cannot be given here"],
    [['--role', 'anon', '--expires', '10'], 'It takes a duration'],
    [['--role', 'anon', 'surplus'], 'too many arguments'],
  ])('refuses %j', async (args, message) => {
    await expect(run(make(makeRecorder()), ...args)).rejects.toThrow(message);
  });

  it('prints the token alone, so that it can be used in a shell', async () => {
    const output = makeRecorder();
    await run(make(output), '--role', 'anon', '--sub', 'alice', '--claims', '{"team":7}', '--expires', '7d');
    expect(output.printed).toEqual(['signed:{"team":7,"sub":"alice","role":"anon"}:604800']);
  });

  it('prints JSON when asked', async () => {
    const output = makeRecorder();
    await run(make(output), '--role', 'anon', '--json');
    expect(JSON.parse(output.printed[0] ?? '')).toEqual({
      token: 'signed:{"role":"anon"}:3600',
      claims: { role: 'anon' },
      lifetimeSeconds: 3600,
    });
  });
});

describe('sluice config', () => {
  it('shows the settings even when one of them is malformed, and then fails', async () => {
    const output = makeRecorder();
    const check = () => {
      throw new ConfigError('PORT is wrong.');
    };
    const command = makeConfigCommand({ output, describe: () => describeSettings({ PORT: 'x' }), check });
    await expect(run(command)).rejects.toThrow('PORT is wrong.');
    expect(output.printed[0]).toMatch(/^VARIABLE +VALUE +MEANING\n/);
    expect(output.printed[0]).toMatch(/^PORT +x +The port/m);
    expect(output.printed[0]).toMatch(/^S3_ENDPOINT +\(AWS\) +Where/m);
  });

  it('keeps the meanings in sight beside a long value', async () => {
    const output = makeRecorder();
    const describe = () => describeSettings({ RATE_LIMITS: `default=100/1m,${'file-name=20/1h,'.repeat(20)}` });
    await run(makeConfigCommand({ output, describe, check: () => {} }));
    const [head = '', ...lines] = output.printed[0]?.split('\n') ?? [];
    expect(head.indexOf('MEANING')).toBeLessThan(80);
    expect(lines.find(line => line.startsWith('RATE_LIMITS'))).toMatch(/,file-name=20\/1h, {2}\w/);
  });
});

describe('sluice sql', () => {
  const make = (output: Output) =>
    makeSqlCommand({
      output,
      readFile: path => `-- from ${path}`,
      readInput: async () => '-- from standard input',
      runSql: async text => [{ command: text, count: null, columns: [], rows: [] }],
    });

  it.each([[['--fiel', 'x']], [['--fiel=x']], [['-f']], [['select 1', '--fiel']], [['select 1', 'select 2']]])(
    'refuses %j',
    async args => {
      await expect(run(make(makeRecorder()), ...args)).rejects.toThrow(/unknown option|too many arguments/);
    },
  );

  it.each([
    ['-- a comment\nselect 1', ['-- a comment\nselect 1']],
    ['--a comment\nselect 1', ['--a comment\nselect 1']],
    ['select 1', ['select 1']],
    ['-- from x.sql', ['--file', 'x.sql']],
    ['-- from standard input', []],
  ])('runs %j', async (text, args) => {
    const output = makeRecorder();
    await run(make(output), ...args);
    expect(output.printed).toEqual([text]);
  });

  it('prints JSON when asked, also behind SQL that begins with a comment', async () => {
    const output = makeRecorder();
    await run(make(output), '-- a comment', '--json');
    expect(JSON.parse(output.printed[0] ?? '')).toMatchObject([{ command: '-- a comment' }]);
  });
});

describe('sluice migrate', () => {
  it.each([
    [[], 'The database is up to date.'],
    [['0001_a.sql', '0002_b.sql'], 'applied 0001_a.sql\napplied 0002_b.sql'],
  ])('says what it applied: %j', async (applied, text) => {
    const output = makeRecorder();
    await run(makeMigrateCommand({ output, migrate: async () => ({ applied }) }));
    expect(output.printed).toEqual([text]);
  });
});

describe('sluice revoke-links', () => {
  const revoked: unknown[] = [];
  const make = () =>
    makeRevokeLinksCommand({ output: makeRecorder(), revokeLinks: async links => void revoked.push(links) });

  it('refuses a token without the object it is for', async () => {
    await expect(run(make(), 'photos', '--token', 'x')).rejects.toThrow('--token needs the name of the object');
  });

  it.each([
    [['photos'], { bucket: 'photos', name: null, token: null }],
    [['photos', 'a/b.jpg'], { bucket: 'photos', name: 'a/b.jpg', token: null }],
    [['photos', 'a/b.jpg', '--token', 'e.y.j'], { bucket: 'photos', name: 'a/b.jpg', token: 'e.y.j' }],
    [
      ['photos', 'a', '--token', 'http://h/object/sign/photos/a?token=e.y.j&download='],
      { bucket: 'photos', name: 'a', token: 'e.y.j' },
    ],
  ])('takes %j', async (args, expected) => {
    revoked.length = 0;
    await run(make(), ...args);
    expect(revoked).toEqual([expected]);
  });
});

describe('sluice fsck', () => {
  async function fsck(found: Pick<FsckReport, 'findings'> & Partial<FsckReport>, ...args: string[]) {
    const output = makeRecorder();
    const seen = { options: {}, exitCode: 0 };
    const command = makeFsckCommand({
      output,
      fsck: async options => {
        seen.options = options;
        const quarantine = { blobs: 0, sizeBytes: 0, firstEndsAt: null };
        return { checked: { rows: 3, blobs: 2 }, omitted: 0, counts: {}, quarantine, ...found };
      },
      setExitCode: code => {
        seen.exitCode = code;
      },
    });
    await run(command, ...args);
    return { ...seen, printed: output.printed };
  }

  it('exits 1 with findings and names each', async () => {
    const finding = { kind: 'orphan-bytes', message: 'Nobody knows 3f/3f2a.', repaired: true } as const;
    const { exitCode, printed } = await fsck({ findings: [finding] }, '--repair');
    expect(exitCode).toBe(1);
    expect(printed).toEqual([
      'orphan-bytes: Nobody knows 3f/3f2a. (repaired)\n1 finding: 3 rows and 2 blobs were checked.',
    ]);
  });

  it('counts the findings that it does not list', async () => {
    const finding = { kind: 'orphan-bytes', message: 'Nobody knows 3f/3f2a.', repaired: true } as const;
    const counts = { 'orphan-bytes': { found: 5, repaired: 4 } };
    const { printed } = await fsck({ findings: [finding], omitted: 4, counts });
    expect(printed).toEqual([
      'orphan-bytes: Nobody knows 3f/3f2a. (repaired)\n… and 4 more. In all:\norphan-bytes: 5, 4 repaired\n' +
        '5 findings: 3 rows and 2 blobs were checked.',
    ]);
  });

  it('exits 0 when everything agrees', async () => {
    const { exitCode, printed, options } = await fsck({ findings: [] });
    expect({ exitCode, printed }).toEqual({
      exitCode: 0,
      printed: ['Everything agrees: 3 rows and 2 blobs were checked.'],
    });
    expect(options).toEqual({
      repair: false,
      rebuild: false,
      purge: false,
      verify: false,
      quarantineMs: 7 * 24 * 3_600_000,
    });
  });

  it('exits 2 when the check could not be done', async () => {
    let exitCode = 0;
    const command = makeFsckCommand({
      output: makeRecorder(),
      fsck: () => Promise.reject(new Error('Postgres is away')),
      setExitCode: code => {
        exitCode = code;
      },
    });
    await expect(run(command)).rejects.toThrow('Postgres is away');
    expect(exitCode).toBe(2);
  });

  it.each([
    [['--quarantine', 'soon'], 'It takes a duration'],
    [['--quarantine', '3651d'], 'It takes a duration'],
    [['--purge', '--rebuild'], 'cannot be used with'],
  ])('refuses %j', async (args, words) => {
    await expect(fsck({ findings: [] }, ...args)).rejects.toThrow(words);
  });

  it('says what lies in quarantine, for how long, and what can be done', async () => {
    const quarantine = { blobs: 2, sizeBytes: 30, firstEndsAt: '2026-11-28T12:00:00Z' };
    const { printed, options, exitCode } = await fsck({ findings: [], quarantine }, '--repair', '--quarantine', '30d');
    expect(options).toMatchObject({ repair: true, quarantineMs: 30 * 24 * 3_600_000 });
    expect(exitCode).toBe(0);
    expect(printed[0]).toContain('In quarantine: 2 blobs, 30 bytes, the first until 2026-11-28T12:00:00Z.');
  });
});

describe('sluice serve', () => {
  const welcome = { url: 'http://h', anonKey: 'a', serviceKey: 's', database: 'd', store: 'b' };
  const make = (steps: string[], startGateway: () => Promise<{ port: number; stop(): Promise<void> }>) =>
    makeServeCommand({
      output: { ...makeRecorder(), print: () => void steps.push('welcome') },
      startEngines: async () => ({ workerEnvironment: {}, stop: async () => void steps.push('engines stopped') }),
      startGateway,
      welcome: () => welcome,
      awaitShutdown: async () => {
        steps.push('waiting');
        return 'SIGTERM';
      },
      note: (message, fields) => void steps.push(`${message} ${JSON.stringify(fields)}`),
    });
  const serving = 'serving {"url":"http://h","rows":"d","bytes":"b"}';
  const stopping = 'stopping: what has begun is finished {"signal":"SIGTERM"}';

  it('stops the engines when the gateway cannot start', async () => {
    const steps: string[] = [];
    const failing = make(steps, () => Promise.reject(new Error('the port is taken')));
    await expect(run(failing)).rejects.toThrow('the port is taken');
    expect(steps).toEqual(['waiting', 'engines stopped']);
  });

  it.each([
    [[], ['welcome']],
    [['--quiet'], []],
  ])('with %j says %j, stops the gateway before the engines, and notes beginning and end', async (options, said) => {
    const steps: string[] = [];
    const command = make(steps, async () => ({ port: 1, stop: async () => void steps.push('gateway stopped') }));
    await run(command, ...options);
    expect(steps).toEqual(['waiting', serving, ...said, stopping, 'gateway stopped', 'engines stopped', 'stopped {}']);
  });
});

describe('renderFailure', () => {
  it('is one line without a stack, unless somebody debugs', () => {
    const error = new ConfigError('PORT is wrong.');
    expect(renderFailure(error, false)).toBe('sluice: PORT is wrong.');
    expect(renderFailure(error, true)).toContain('commands.test.ts');
  });
});

describe('sluice user', () => {
  const user = {
    username: 'alice',
    id: 'a11ce000-0000-4000-8000-000000000001',
    accountId: 1,
    uid: '1700000000000',
    email: 'a@example.com',
    backend: 'default',
    verified: true,
    banned: false,
    staff: true,
    admin: false,
    secondFactor: false,
  };

  function make(changed: Partial<Changed> = {}) {
    const output = makeRecorder();
    const asked: unknown[] = [];
    const change = (verb: string) => async (name: string, wishes: unknown) => {
      asked.push([verb, name, wishes]);
      return { user, otpauthUrl: null, made: [], ...changed };
    };
    const command = makeUserCommand({
      output,
      readPassword: async () => 'from input',
      add: change('add'),
      set: change('set'),
      remove: async name => void asked.push(['remove', name]),
      list: async () => [user],
    });
    return { command, output, asked };
  }

  it.each([
    [['add', 'alice'], '--password <password>'],
    [['add', '--password', 'x'], "missing required argument 'name'"],
    [['set', 'alice', '--role', 'x'], "unknown option '--role'"],
    [['set', 'alice', '--json'], 'nothing to change was named'],
    [['add', 'alice', '--password', 'x', '--no-staff'], "unknown option '--no-staff'"],
  ])('refuses %j', async (args, message) => {
    await expect(run(make().command, ...args)).rejects.toThrow(message);
  });

  it('passes on what is wished, and nothing that is not', async () => {
    const { command, asked } = make();
    await run(command, 'add', 'alice', '--password', 'x', '--email', 'a@example.com', '--verified', '--backend', 'b');
    await run(command, 'remove', 'alice');
    expect(asked).toEqual([
      ['add', 'alice', { password: 'x', email: 'a@example.com', verified: true, backend: 'b' }],
      ['remove', 'alice'],
    ]);
  });

  it('takes flags away, and leaves those alone that are not named', async () => {
    const { command, asked } = make();
    await run(command, 'set', 'alice', '--no-staff', '--banned', '--no-totp');
    expect(asked).toEqual([['set', 'alice', { staff: false, banned: true, totp: false }]]);
  });

  it('reads the password from standard input for a dash', async () => {
    const { command, asked } = make();
    await run(command, 'set', 'alice', '--password', '-');
    expect(asked).toEqual([['set', 'alice', { password: 'from input' }]]);
  });

  it('says what was made with the first account, and the second factor', async () => {
    const { command, output } = make({
      otpauthUrl: 'otpauth://totp/x',
      made: ['the bucket home', 'policies/home.sql'],
    });
    await run(command, 'add', 'alice', '--password', 'x', '--totp');
    expect(output.printed).toEqual([
      'The user alice has been added.\nSecond factor: otpauth://totp/x\nMade with it: the bucket home, policies/home.sql.',
    ]);
  });

  it('lists for people and for programs', async () => {
    const { command, output } = make();
    await run(command, 'list');
    expect(output.printed[0]?.split('\n')[1]).toMatch(/^alice .* 1700000000000 .*verified staff$/);
    const again = make();
    await run(again.command, 'list', '--json');
    expect(JSON.parse(again.output.printed[0] ?? '')).toEqual([user]);
  });
});
