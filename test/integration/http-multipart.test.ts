import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { errorCode, type SluiceError } from '../../src/domain/errors.ts';
import {
  type MultipartLimits,
  type MultipartUpload,
  openMultipart,
  readMultipart,
} from '../../src/http/multipart-upload.ts';
import { sendJson } from '../../src/http/send-json.ts';
import { limitBytes } from '../../src/streams/limit-bytes.ts';
import { type Loopback, listen, RawClient } from '../support/loopback.ts';

const LIMITS = { maxFields: 3, maxFieldBytes: 100, signal: new AbortController().signal };

let loopback: Loopback | null = null;

afterEach(async () => {
  await loopback?.close();
  loopback = null;
});

async function textOf(stream: Readable): Promise<string> {
  return Buffer.concat(await stream.toArray()).toString();
}

/** What the server makes of the form: its file and fields, or the code of its failure. */
async function start(limits: Partial<MultipartLimits> = {}, fieldName: string | null = null): Promise<Loopback> {
  loopback = await listen(async (req, res) => {
    try {
      const { file, fields, fieldsAfter } = await readMultipart(req, { ...LIMITS, ...limits }, fieldName);
      const { stream, fieldsBefore: _same, ...part } = file;
      const text = await textOf(stream);
      const after = Object.fromEntries(await fieldsAfter);
      sendJson({ res, status: 200, body: { ...part, text, before: Object.fromEntries(fields), after } });
    } catch (error) {
      sendJson({ res, status: 400, body: { code: errorCode(error), message: (error as SluiceError).message } });
    }
  });
  return loopback;
}

/** Posts parts written out by hand; `end` is what closes the form. */
async function post(parts: string[], end = '--b--\r\n', type = 'multipart/form-data; boundary=b') {
  const { url } = loopback ?? (await start());
  const body = Buffer.from(parts.map(part => `--b\r\n${part}\r\n`).join('') + end);
  const reply = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
  return (await reply.json()) as Record<string, unknown>;
}

const file = (text: string, name = 'file') =>
  `Content-Disposition: form-data; name="${name}"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n${text}`;
const field = (name: string, value: string) => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`;

it.each(['text/plain', 'image/png', 'application/octet-stream'])(
  'a part of type %s with an empty file name is a file without a name',
  async type => {
    const part = `Content-Type: ${type}\r\nContent-Disposition: form-data; name=""; filename=""\r\n\r\nbytes`;
    expect(await post([field('before', '1'), part, field('after', '2')])).toMatchObject({
      fieldName: '',
      fileName: null,
      contentType: type,
      text: 'bytes',
      before: { before: '1' },
      after: { after: '2' },
    });
  },
);

it.each([
  ['text/plain; charset=utf-8', 'text/plain; charset=utf-8'],
  ['Text/HTML ;charset="ISO-8859-1"; x=y', 'text/html;charset="ISO-8859-1"; x=y'],
  ['text/plain', 'text/plain'],
  ['text/plain;', 'text/plain;'],
  ['no type; charset=utf-8', 'text/plain'],
  ['text/plain; charset=\u00fc', 'text/plain'],
])('a part of type %j is a file of type %j, among others and skipped ones', async (said, type) => {
  const head = `Content-Type: ${said}\r\nContent-Disposition: form-data; name="f"; filename="a.txt"`;
  const others = [
    'Content-Type: text/plain; charset=latin1\r\n\r\nno disposition',
    'Content-Type: text/plain; charset=latin1\r\nContent-Disposition: form-data; name="before"\r\n\r\n1',
  ];
  expect(await post([...others, `${head}\r\n\r\nbytes`, field('after', '2')])).toMatchObject({
    contentType: type,
    text: 'bytes',
  });
});

it.each([
  ['taken', 'file', { fieldName: 'file', text: 'bytes' }],
  ['refused', 'picture', { code: 'no-content', message: 'The form has no part called file' }],
])('a form whose file must be called so is %s where it is called %s', async (_outcome, name, answer) => {
  await start({}, 'file');
  expect(await post([file('bytes', name)])).toMatchObject(answer);
});

describe('a form is refused', () => {
  it.each([
    ['without a file', [field('a', '1')], '--b--\r\n', 'no-content'],
    ['without a part', [], '--b--\r\n', 'no-content'],
    ['without a byte', [], '', 'invalid-parameter'],
    ['that is cut before its end', [file('bytes')], '', 'invalid-parameter'],
    ['that is cut in its end', [file('bytes')], '--b', 'invalid-parameter'],
    ['with another boundary than it says', [], '--c\r\n\r\n--c--\r\n', 'invalid-parameter'],
    ['with a second file', [file('one'), file('two')], '--b--\r\n', 'invalid-parameter'],
    ['with too many fields', ['a', 'b', 'c', 'd'].map(name => field(name, '1')), '--b--\r\n', 'invalid-parameter'],
    [
      'with too many fields after its file',
      [file('x'), ...['a', 'b', 'c', 'd'].map(name => field(name, '1'))],
      '--b--\r\n',
      'invalid-parameter',
    ],
    ['with too long a field', [field('a', 'x'.repeat(101)), file('bytes')], '--b--\r\n', 'too-large'],
    ['with too long a field after its file', [file('bytes'), field('a', 'x'.repeat(101))], '--b--\r\n', 'too-large'],
    ['with too long a name', [field('n'.repeat(201), '1'), file('bytes')], '--b--\r\n', 'invalid-parameter'],
    ['with too long a name of its file', [file('bytes', 'n'.repeat(201))], '--b--\r\n', 'invalid-parameter'],
    ['with an endless part header', [`X: ${'x'.repeat(100_000)}`], '--b--\r\n', 'invalid-parameter'],
    [
      'that nests another',
      ['Content-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--'],
      '--b--\r\n',
      'invalid-parameter',
    ],
    [
      'with endless bytes before its first part',
      [],
      `${'x'.repeat(2 * 1024 * 1024)}\r\n--b--\r\n`,
      'invalid-parameter',
    ],
    [
      'with endless bytes behind its last part',
      [file('bytes')],
      `--b--\r\n${'x'.repeat(2 * 1024 * 1024)}`,
      'invalid-parameter',
    ],
  ])('%s', async (_what, parts, end, code) => {
    expect(await post(parts, end)).toMatchObject({ code });
  });

  it.each([
    ['without a boundary', 'multipart/form-data'],
    ['with an empty boundary', 'multipart/form-data; boundary='],
    ['of another multipart type', 'multipart/mixed; boundary=b'],
    ['in the other form encoding', 'application/x-www-form-urlencoded'],
    ['of a similar type', 'multipart/form-data-not; boundary=b'],
  ])('%s', async (_what, type) => {
    expect(await post([file('bytes')], '--b--\r\n', type)).toMatchObject({ code: 'invalid-parameter' });
  });
});

describe('a form', () => {
  it('gives its file and its fields, before and after', async () => {
    expect(await post([field('cacheControl', '60'), file('bytes'), field('metadata', '{}')])).toEqual({
      fieldName: 'file',
      fileName: 'a.txt',
      contentType: 'text/plain',
      text: 'bytes',
      before: { cacheControl: '60' },
      after: { metadata: '{}' },
    });
  });

  it('may have a file without a name, an empty file, and one that looks like a boundary', async () => {
    expect(await post([file('', '')])).toMatchObject({ fieldName: '', text: '' });
    expect(await post([file('\r\n--\r\n--c\r\n-b')])).toMatchObject({ text: '\r\n--\r\n--c\r\n-b' });
  });

  it('keeps a file of a multipart type as bytes', async () => {
    const mail =
      'Content-Disposition: form-data; name="f"; filename="m.eml"\r\nContent-Type: multipart/mixed\r\n\r\n--c--';
    expect(await post([mail])).toMatchObject({ contentType: 'multipart/mixed', text: '--c--' });
  });

  it('may have field names that mean something to JavaScript', async () => {
    const fields = ['__proto__', 'constructor'].map(name => field(name, 'x'));
    const reply = await post([...fields, file('bytes')]);
    expect(Object.keys(reply.before as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it.each([
    ['raw UTF-8', 'filename="файл 日本 é.txt"', 'файл 日本 é.txt'],
    ['the form of RFC 8187', 'filename="x"; filename*=UTF-8\'\'%E6%97%A5.txt', '日.txt'],
    ['escaped quotes', 'filename="a \\"b\\".txt"', 'a "b".txt'],
    ['a path, cut to its end', 'filename="../../etc/passwd"', 'passwd'],
    ['a path of Windows, cut to its end', 'filename="C:\\\\temp\\\\a.txt"', 'a.txt'],
  ])('names its file in %s', async (_what, parameter, fileName) => {
    expect(await post([`Content-Disposition: form-data; name="f"; ${parameter}\r\n\r\nx`])).toMatchObject({ fileName });
  });

  it('is read as FormData writes it', async () => {
    const { url } = await start();
    const body = new FormData();
    body.append('cacheControl', '3600');
    body.append('', new Blob(['bytes'], { type: 'image/png' }));
    const reply = await fetch(url, { method: 'POST', body });
    expect(await reply.json()).toMatchObject({
      contentType: 'image/png',
      text: 'bytes',
      before: { cacheControl: '3600' },
    });
  });
});

describe('a form in transit', () => {
  /** Hands the form to the test as soon as its file begins. */
  async function upload(
    limits: Partial<MultipartLimits> = {},
  ): Promise<{ client: RawClient; form: MultipartUpload; req: IncomingMessage }> {
    let settle: (form: MultipartUpload, req: IncomingMessage) => void = () => {};
    const begun = new Promise<{ form: MultipartUpload; req: IncomingMessage }>(resolve => {
      settle = (form, req) => resolve({ form, req });
    });
    loopback = await listen(async (req, res) => {
      const form = await readMultipart(req, { ...LIMITS, ...limits });
      settle(form, req);
      await form.fieldsAfter.catch(error => sendJson({ res, status: 400, body: { code: errorCode(error) } }));
    });
    const client = new RawClient(loopback.port);
    client.write(
      'POST / HTTP/1.1',
      'Host: a',
      'Content-Type: multipart/form-data; boundary=b',
      'Transfer-Encoding: chunked',
      '',
      '',
    );
    chunk(client, `--b\r\n${file('some of it')}`);
    return { client, ...(await begun) };
  }

  function chunk(client: RawClient, text: string): void {
    client.write(text.length.toString(16), text, '');
  }

  it('fails the file and the fields when the client goes away', async () => {
    const { client, form } = await upload();
    const text = textOf(form.file.stream);
    await once(form.file.stream, 'data');
    client.destroy();
    await expect(text).rejects.toMatchObject({ code: 'aborted' });
    await expect(form.fieldsAfter).rejects.toMatchObject({ code: 'aborted' });
  });

  it('fails the file when the signal aborts', async () => {
    const controller = new AbortController();
    const { client, form } = await upload({ signal: controller.signal });
    controller.abort();
    await expect(textOf(form.file.stream)).rejects.toMatchObject({ code: 'aborted' });
    expect(await client.until('aborted')).toContain('400');
    client.destroy();
  });

  it('fails the file when the body ends without the end of the form', async () => {
    const { client, form } = await upload();
    client.write('0', '', '');
    await expect(textOf(form.file.stream)).rejects.toMatchObject({ code: 'invalid-parameter' });
    client.destroy();
  });

  it('can be refused while the file is still being sent', async () => {
    const { client, form } = await upload();
    const limited = limitBytes(form.file.stream, 5, () => new Error('too large'));
    await expect(textOf(limited)).rejects.toThrow('too large');
    await expect(form.fieldsAfter).rejects.toMatchObject({ code: 'aborted' });
    await client.until('{"code":"aborted"}');
    client.destroy();
  });

  it('is read no faster than its file', async () => {
    const { client, form, req } = await upload();
    const sending = setInterval(
      () => client.socket.writable && client.socket.writableLength < 1e6 && chunk(client, 'x'.repeat(1e6)),
      1,
    );
    await once(req, 'pause');
    expect(form.file.stream.readableLength).toBeLessThan(1024 * 1024);
    clearInterval(sending);
    client.destroy();
  });
});

describe('several files', () => {
  it('come one after the other, each with the fields before it', async () => {
    const seen: unknown[] = [];
    loopback = await listen(async (req, res) => {
      const form = openMultipart(req, { ...LIMITS, maxFiles: 2 });
      for (let part = await form.nextFile(); part !== null; part = await form.nextFile()) {
        seen.push([part.fieldName, await textOf(part.stream), [...part.fieldsBefore.keys()]]);
      }
      seen.push([...form.fieldsAfter.keys()]);
      sendJson({ res, status: 200, body: {} });
    });
    await post([file('one', 'f'), field('a', '1'), file('two', 'g'), field('b', '2')]);
    expect(seen).toEqual([['f', 'one', []], ['g', 'two', ['a']], ['b']]);
  });
});
