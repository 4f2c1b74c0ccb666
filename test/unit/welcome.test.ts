import { placeOf } from '../../src/command-line/engines.ts';
import { gatewayUrl, renderWelcome } from '../../src/command-line/welcome.ts';

const welcome = {
  url: 'http://127.0.0.1:5000',
  anonKey: 'anon.key.x',
  serviceKey: 'service.key.x',
  database: 'embedded Postgres in /data/postgres',
  store: "/it's/data/blobs",
};

describe('renderWelcome', () => {
  const text = renderWelcome(welcome);
  const commands = text.split('\n').filter(line => line.startsWith('curl '));

  it.each(Object.entries(welcome))('says the %s', (_name, value) => {
    expect(text).toContain(value);
  });

  it('offers three commands, each complete in its line: make a bucket, upload, download', () => {
    expect(commands).toEqual([
      `curl 'http://127.0.0.1:5000/bucket' -H 'Authorization: Bearer service.key.x' -H 'Content-Type: application/json' -d '{"name":"hello","public":true}'`,
      `curl 'http://127.0.0.1:5000/object/hello/world.txt' -H 'Authorization: Bearer service.key.x' -H 'Content-Type: text/plain' -H 'x-upsert: true' --data-binary 'Hello, world'`,
      `curl 'http://127.0.0.1:5000/object/public/hello/world.txt'`,
    ]);
  });

  it('quotes a URL for the shell', () => {
    expect(renderWelcome({ ...welcome, url: "http://h/a'b" })).toContain(`curl 'http://h/a'\\''b/bucket'`);
  });
});

describe('gatewayUrl', () => {
  it.each([
    ['127.0.0.1', null, 'http://127.0.0.1:5000'],
    ['0.0.0.0', null, 'http://127.0.0.1:5000'],
    ['::', null, 'http://[::1]:5000'],
    ['fd00::7', null, 'http://[fd00::7]:5000'],
    ['0.0.0.0', 'https://files.example.com', 'https://files.example.com'],
  ])('of host %s and public URL %s is %s', (host, publicUrl, expected) => {
    expect(gatewayUrl({ publicUrl, host, port: 5000 })).toBe(expected);
  });
});

describe('placeOf', () => {
  it.each([
    ['postgresql://me:secret@db.example.com:5433/sluice', 'db.example.com:5433'],
    ['postgresql://db.example.com/sluice?sslmode=require', 'db.example.com'],
    ['postgresql://[fd00::7]:5433/sluice', '[fd00::7]:5433'],
    ['postgresql://me@/sluice?host=%2Frun%2Fpg&port=5433', 'the socket /run/pg/.s.PGSQL.5433'],
    ['postgresql://me@/sluice?host=/run/pg', 'the socket /run/pg/.s.PGSQL.5432'],
    ['postgresql://me:secret@%2Frun%2Fpg:5433/sluice', 'the socket /run/pg/.s.PGSQL.5433'],
    ['postgresql:///sluice', 'the default host'],
  ])('of %s is %s', (url, place) => {
    expect(placeOf(url)).toBe(place);
  });
});
