import { addAbortSignal, PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { RequestSignal } from '../../../src/streams/request-signal.ts';

describe('the signal of a request', () => {
  it('fires once, with the first reason', () => {
    const signal = new RequestSignal();
    const heard: string[] = [];
    signal.onabort = () => heard.push('property');
    signal.addEventListener('abort', () => heard.push('listener'));
    expect(signal).toMatchObject({ aborted: false, reason: undefined });
    signal.throwIfAborted();
    signal.abort('first');
    signal.abort('second');
    expect(heard).toEqual(['property', 'listener']);
    expect(signal).toMatchObject({ aborted: true, reason: 'first' });
    expect(() => signal.throwIfAborted()).toThrow('first');
  });

  it('has the reason of any other signal where none is given', () => {
    const signal = new RequestSignal();
    signal.abort();
    expect(signal.reason).toMatchObject({ name: 'AbortError' });
  });

  it('does not call whoever has stopped listening', () => {
    const signal = new RequestSignal();
    const listener = jest.fn();
    signal.addEventListener('abort', listener, { once: true });
    signal.removeEventListener('abort', listener);
    signal.abort();
    expect(listener).not.toHaveBeenCalled();
  });

  it('is one to Node', async () => {
    const signal = new RequestSignal();
    const waiting = delay(60_000, undefined, { signal });
    const stream = addAbortSignal(signal, new PassThrough());
    const failed = new Promise(resolve => stream.on('error', resolve));
    signal.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(await failed).toMatchObject({ name: 'AbortError' });
  });
});
