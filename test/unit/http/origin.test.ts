import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { originAtHost, originOf } from '../../../src/http/origin.ts';

function asked(host: string): IncomingMessage {
  const req = new IncomingMessage(new Socket());
  req.headers.host = host;
  return req;
}

it.each([
  [null, 'http://one.example.com:8080', 'http://one.example.com:8080'],
  ['https://example.com', 'https://example.com', 'https://one.example.com:8080'],
  ['https://example.com/store', 'https://example.com/store', 'https://one.example.com:8080/store'],
])('with the public URL %j is %s, and at the host asked %s', (publicUrl, origin, atHost) => {
  const req = asked('one.example.com:8080');
  expect([originOf(req, publicUrl), originAtHost(req, publicUrl)]).toEqual([origin, atHost]);
});
