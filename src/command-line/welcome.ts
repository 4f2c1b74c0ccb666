/** What `sluice serve` says once it serves: where everything is, the keys, and three commands to try. */

export interface Welcome {
  readonly url: string;
  readonly anonKey: string;
  readonly serviceKey: string;
  /** Where rows and bytes live, in words. */
  readonly database: string;
  readonly store: string;
}

/** Every command is complete in its line, so that each works when pasted by itself, and again. */
export function renderWelcome({ url, anonKey, serviceKey, database, store }: Welcome): string {
  const key = `-H ${quote(`Authorization: Bearer ${serviceKey}`)}`;
  const json = `-H 'Content-Type: application/json'`;
  return [
    '',
    `Sluice serves at ${url}`,
    '',
    `  rows         ${database}`,
    `  bytes        ${store}`,
    `  the API      ${url}/docs`,
    `  anon key     ${anonKey}`,
    `  service key  ${serviceKey}`,
    '',
    'The service key is secret: no policy restrains it. To try it out, make a bucket, upload a file, download it:',
    '',
    `curl ${quote(`${url}/bucket`)} ${key} ${json} -d '{"name":"hello","public":true}'`,
    `curl ${quote(`${url}/object/hello/world.txt`)} ${key} -H 'Content-Type: text/plain' -H 'x-upsert: true' --data-binary 'Hello, world'`,
    `curl ${quote(`${url}/object/public/hello/world.txt`)}`,
    '',
  ].join('\n');
}

/** The URL to show: the public one, else one that works on this machine, whatever address is listened on. */
export function gatewayUrl({
  publicUrl,
  host,
  port,
}: {
  publicUrl: string | null;
  host: string;
  port: number;
}): string {
  if (publicUrl !== null) return publicUrl;
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
