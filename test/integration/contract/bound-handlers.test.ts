/** Handlers that fail, and requests that are let in before they are read. */
import { connect } from 'node:net';
import express from 'express';
import { bindRoutes, type RouteBinding, type RouteHandler } from '../../../src/contract/bind-routes.ts';
import { SluiceError } from '../../../src/domain/errors.ts';
import { contract, echoesFor, listen, TOKEN } from '../../support/bound-routes.ts';

describe('a failing handler', () => {
  const away = new SluiceError('unavailable', 'away');
  const refusing: RouteHandler = async () => {
    throw away;
  };
  const breakingOff: RouteHandler = async ({ res }) => {
    res.writeHead(200, { 'content-length': 100 }).write('half');
    throw away;
  };

  async function replyTo(path: string, onError: RouteBinding['onError']): Promise<string> {
    const app = express();
    const handlers = { ...echoesFor('supabase'), listBuckets: refusing, getObject: breakingOff };
    bindRoutes({ contract, tag: 'supabase', router: app, handlers, mounts: [''], onError, onUnknown: () => {} });
    const server = await listen(app);
    try {
      const reply = await fetch(server.url + path, { headers: TOKEN });
      return await reply.text();
    } catch {
      return 'cut off';
    } finally {
      server.close();
    }
  }

  it('is answered by the surface', async () => {
    const reply = await replyTo('/bucket', (error, _req, res, id) => res.end(`${id}: ${(error as Error).message}`));
    expect(reply).toBe('listBuckets: away');
  });

  it('is told to the surface and ends the connection when a reply has begun', async () => {
    const told: unknown[] = [];
    expect(await replyTo('/object/b/k', error => told.push(error))).toBe('cut off');
    expect(told).toEqual([away]);
  });

  it('ends the connection, not the process, when the surface fails to answer', async () => {
    const onError = () => {
      throw new Error('the renderer is broken');
    };
    expect(await replyTo('/bucket', onError)).toBe('cut off');
  });

  it('learns that the client went away while its JSON was read', async () => {
    const app = express();
    const seen = new Promise<unknown>(resolve => {
      const handlers = echoesFor('supabase');
      bindRoutes({
        contract,
        tag: 'supabase',
        router: app,
        handlers,
        mounts: [''],
        onError: resolve,
        onUnknown: () => {},
      });
    });
    const server = await listen((req, res) => {
      app(req, res);
      socket.destroy();
    });
    const socket = connect(server.port, '127.0.0.1');
    const head = 'POST /bucket HTTP/1.1\r\nHost: x\r\nAuthorization: t\r\nContent-Type: application/json\r\n';
    socket.write(`${head}Content-Length: 9\r\n\r\n{`);
    expect(await seen).toMatchObject({ code: 'aborted' });
    server.close();
  });
});

describe('a binding that admits', () => {
  async function replyTo(path: string, authorization: string): Promise<string> {
    const app = express();
    const admitting: RouteHandler<string> = async ({ res }, who) => void res.end(`served ${who}`);
    bindRoutes<string>({
      contract,
      tag: 'supabase',
      router: app,
      handlers: Object.fromEntries(Object.keys(echoesFor('supabase')).map(id => [id, admitting])),
      admit: async ({ req, operationId, params }) => {
        if (req.headers.authorization === 'nobody') throw new SluiceError('access-denied', `not ${params.bucketName}`);
        return `${req.headers.authorization} at ${operationId}`;
      },
      mounts: [''],
      onError: (error, _req, res) => void res.end((error as SluiceError).code + (error as Error).message),
      onUnknown: () => {},
    });
    const server = await listen(app);
    const reply = await fetch(server.url + path, { headers: { authorization } });
    server.close();
    return reply.text();
  }

  it('answers who may not before it says what is malformed', async () => {
    expect(await replyTo('/bucket?limit=x', 'nobody')).toMatch(/^access-denied/);
    expect(await replyTo('/bucket?limit=x', 'alice')).toMatch(/^invalid-parameter/);
  });

  it('asks once more what is said of a malformed request, and of no other', async () => {
    const asked: string[] = [];
    const app = express();
    bindRoutes({
      contract,
      tag: 'supabase',
      router: app,
      handlers: echoesFor('supabase'),
      beforeRefusal: async ({ operationId, req }) => {
        asked.push(operationId);
        if (req.headers.authorization === 'nobody') throw new SluiceError('access-denied', 'nobody');
      },
      mounts: [''],
      onError: (error, _req, res) => void res.end((error as SluiceError).code),
      onUnknown: () => {},
    });
    const server = await listen(app);
    const ask = async (path: string, authorization: string) =>
      (await fetch(server.url + path, { headers: { authorization } })).text();
    expect(await ask('/bucket', 'nobody')).toContain('listBuckets');
    expect(asked).toEqual([]);
    expect(await ask('/bucket?limit=x', 'nobody')).toBe('access-denied');
    expect(await ask('/bucket?limit=x', 'alice')).toBe('invalid-parameter');
    expect(asked).toEqual(['listBuckets', 'listBuckets']);
    server.close();
  });

  it('hands what it found out to the handler', async () => {
    expect(await replyTo('/bucket', 'alice')).toBe('served alice at listBuckets');
  });
});
