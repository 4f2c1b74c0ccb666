import { createHash } from 'node:crypto';
import { makeMd5, makeMd5Thread } from '../../../src/streams/md5.ts';

const md5Of = (text: string) => createHash('md5').update(text).digest('hex');

function sharedCopy(text: string): Buffer {
  const bytes = Buffer.from(new SharedArrayBuffer(Buffer.byteLength(text)));
  bytes.write(text);
  return bytes;
}

describe('the thread', () => {
  const thread = makeMd5Thread();
  afterAll(() => thread.close());

  it('fails what is under way when it is closed, and begins anew for the next hash', async () => {
    const closing = makeMd5Thread();
    const md5 = closing.begin();
    await md5.update(Buffer.from('a'));
    await closing.close();
    await expect(md5.update(Buffer.from('b'))).rejects.toThrow('has ended');
    await expect(md5.digest()).rejects.toThrow('has ended');
    expect(await closing.begin().digest()).toBe(md5Of(''));
    await closing.close();
  });

  it('keeps several hashes apart, whatever the order of asking', async () => {
    const [first, second] = [thread.begin(), thread.begin()];
    await Promise.all([
      first.update(Buffer.from('one, ')),
      second.update(sharedCopy('two, ')),
      first.update(sharedCopy('more')),
      second.update(Buffer.from('more')),
    ]);
    expect(await Promise.all([second.digest(), first.digest()])).toEqual([md5Of('two, more'), md5Of('one, more')]);
  });

  it('forgets a hash that was dropped, and takes a drop after the digest', async () => {
    const dropped = thread.begin();
    await dropped.update(Buffer.from('a'));
    dropped.drop();
    const md5 = thread.begin();
    expect(await md5.digest()).toBe(md5Of(''));
    md5.drop();
  });
});

it('hashes at once without a thread', async () => {
  const md5 = makeMd5();
  await md5.update(Buffer.from('some '));
  await md5.update(Buffer.from('bytes'));
  expect(await md5.digest()).toBe(md5Of('some bytes'));
});
