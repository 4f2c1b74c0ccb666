/** A gateway with the people of FIVE-APIS A5, asked through API 004. */
import { type Account, addPeople, openSessionFor, type Person } from './accounts.ts';
import { type Call, type CallOptions, type CallReply, type FormPart, makeCall } from './call.ts';
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';

export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

export interface Cloud {
  readonly gateway: Gateway;
  readonly call: Call;
  readonly people: Readonly<Record<Person, Account>>;
  /** Asks as one of the people. */
  as(who: Person, method: string, path: string, options?: CallOptions): Promise<CallReply>;
  /** Asks in a session of somebody's with these scopes. */
  scoped(who: Person, scopes: number, method: string, path: string, options?: CallOptions): Promise<CallReply>;
  /** Uploads a text and gives its id. */
  put(who: Person, file?: { readonly text?: string | Buffer; readonly fileName?: string }): Promise<string>;
  /** What a person's list says. */
  ids(who: Person): Promise<string[]>;
  /** Forgets what was counted. */
  forgetLimits(): Promise<unknown>;
}

export async function startCloud(options: GatewayOptions = {}): Promise<Cloud> {
  const gateway = await startGateway(options);
  return cloudOf(gateway, await addPeople(gateway.db));
}

/**
 * Two gateways on one database for the tests of a file. Before each test nothing is stored, counted or switched off. `take`
 * is given both once they run.
 */
export function useTwoClouds(take: (first: Cloud, second: Cloud) => void): void {
  let first: Cloud;
  let second: Cloud;
  beforeAll(async () => {
    first = await startCloud();
    second = cloudOf(await startGateway({ beside: first.gateway }), first.people);
    take(first, second);
  });
  afterAll(async () => {
    await second.gateway.stop();
    await first.gateway.stop();
  });
  beforeEach(async () => {
    await first.gateway.db.sql('delete from storage.objects');
    await first.gateway.db.sql('update sluice.kill_switches set enabled = false');
    await first.forgetLimits();
  });
}

/** The same people through another gateway on the same database. */
export function cloudOf(gateway: Gateway, people: Cloud['people']): Cloud {
  const call = makeCall(gateway.url);
  const as: Cloud['as'] = (who, method, path, options) => call(method, path, { token: people[who].token, ...options });
  return {
    gateway,
    call,
    people,
    as,
    async scoped(who, scopes, method, path, options) {
      const { token } = await openSessionFor(gateway.db, who, { scopes });
      return call(method, path, { token, ...options });
    },
    async put(who, file) {
      const reply = await as(who, 'POST', '/api/upload', { form: [formFile(file)] });
      if (reply.status !== 201) throw new Error(`the upload gave ${reply.status} ${reply.text}`);
      return (reply.json as { url: string }).url.split('/').at(-1) ?? '';
    },
    async ids(who) {
      const reply = await as(who, 'GET', '/api/users/me/files');
      return (reply.json as { items: { id: string }[] }).items.map(({ id }) => id);
    },
    forgetLimits: () => gateway.db.sql('delete from sluice.rate_limits'),
  };
}

export function formFile({
  text = 'some text',
  fileName = 'note.txt',
}: {
  text?: string | Buffer;
  fileName?: string;
} = {}): FormPart {
  return { name: 'file', value: text, type: 'application/octet-stream', fileName };
}

/** Status and code of a reply. */
export function verdict({ status, json }: CallReply): string {
  return [status, (json as { code?: string } | undefined)?.code].filter(part => part !== undefined).join(' ');
}
