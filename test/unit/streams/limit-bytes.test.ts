import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { limitBytes } from '../../../src/streams/limit-bytes.ts';
import { Relay } from '../../../src/streams/relay.ts';

const tooMuch = () => new Error('too much');

function closed(stream: Readable): Promise<void> {
  return new Promise(resolve => {
    stream.on('close', resolve);
  });
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('a byte limit', () => {
  it('fails with the given error and destroys the source when one byte more arrives', async () => {
    const source = Readable.from([Buffer.from('abc'), Buffer.from('de')], { objectMode: false });
    const limited = limitBytes(source, 4, tooMuch);
    await expect(textOf(limited)).rejects.toThrow('too much');
    expect(source.destroyed).toBe(true);
    expect(limited.bytesPassed).toBe(3);
  });

  it('fails on an endless source', async () => {
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(1000));
      },
    });
    await expect(textOf(limitBytes(endless, 1_000_000, tooMuch))).rejects.toThrow('too much');
  });

  it('fails on the first byte when nothing is allowed', async () => {
    await expect(textOf(limitBytes(Readable.from([Buffer.from('a')]), 0, tooMuch))).rejects.toThrow('too much');
  });

  it('fails with the error of the source', async () => {
    const source = new PassThrough();
    const text = textOf(limitBytes(source, 10, tooMuch));
    source.write('abc');
    source.destroy(new Error('the other side is gone'));
    await expect(text).rejects.toThrow('the other side is gone');
  });

  it('fails when the source closes without an end', async () => {
    const source = new PassThrough();
    const text = textOf(limitBytes(source, 10, tooMuch));
    source.write('abc');
    source.destroy();
    await expect(text).rejects.toThrow('closed before its end');
  });

  it('keeps a failure that comes before the first read, and is no unhandled error', async () => {
    const source = new PassThrough();
    const limited = limitBytes(source, 10, tooMuch);
    source.destroy(new Error('gone early'));
    await closed(source);
    await expect(textOf(limited)).rejects.toThrow('gone early');
  });

  it('fails when the source was over before it was wrapped', async () => {
    const source = new PassThrough();
    source.on('error', () => {}).destroy(new Error('over'));
    await closed(source);
    await expect(textOf(limitBytes(source, 10, tooMuch))).rejects.toThrow('over');
  });

  it.each([
    ['nothing', [], 0],
    ['exactly the limit', ['abc', 'de'], 5],
    ['less than the limit', ['abc'], 5],
  ])('passes %s', async (_what, chunks, limit) => {
    const limited = limitBytes(Readable.from(chunks.map(chunk => Buffer.from(chunk))), limit, tooMuch);
    await expect(textOf(limited)).resolves.toBe(chunks.join(''));
    expect(limited.bytesPassed).toBe(chunks.join('').length);
  });

  it('hands on the very chunks of the source', async () => {
    const chunk = Buffer.from('abc');
    const limited = limitBytes(Readable.from([chunk]), 5, tooMuch);
    const [received] = await once(limited, 'data');
    expect(received.buffer).toBe(chunk.buffer);
  });

  it('destroys the source when its reader gives up', async () => {
    const source = new PassThrough();
    const limited = limitBytes(source, 5, tooMuch);
    limited.destroy();
    await once(source, 'close');
    expect(source.destroyed).toBe(true);
  });

  it('asks the source for no more than its reader takes', async () => {
    let made = 0;
    const source = new Readable({
      highWaterMark: 1000,
      read() {
        made += 1000;
        this.push(Buffer.alloc(1000));
      },
    });
    const limited = limitBytes(source, 1e9, tooMuch);
    limited.read(0);
    await once(limited, 'readable');
    await new Promise(resolve => setImmediate(resolve));
    expect(made).toBeLessThan(100_000);
    limited.destroy();
  });
});

describe('a relay', () => {
  it('translates the failure of its source', async () => {
    const source = new PassThrough();
    const relay = new Relay(source, { onFailure: error => new Error('translated', { cause: error }) });
    source.destroy(new Error('raw'));
    await expect(textOf(relay)).rejects.toThrow('translated');
  });

  it('releases the source in the given way, and discards what still comes', async () => {
    const source = new PassThrough();
    const relay = new Relay(source, { release: released => released.pause() });
    relay.on('data', () => {});
    source.write('abc');
    await once(relay, 'data');
    relay.destroy();
    expect(source.destroyed).toBe(false);
    source.end('def');
    source.resume();
    await once(source, 'end');
    expect(relay.bytesPassed).toBe(3);
  });

  it('does not release a source that it has read to its end', async () => {
    const release = jest.fn();
    await textOf(new Relay(Readable.from([Buffer.from('abc')]), { release }));
    expect(release).not.toHaveBeenCalled();
  });
});
