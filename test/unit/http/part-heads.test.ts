/** Heads of parts on their way to busboy. */
import { PartHeads } from '../../../src/http/part-heads.ts';

const TYPE = 'multipart/form-data; boundary="b b"';
const UNNAMED = 'content-type: text/plain\r\nContent-Disposition: form-data; name=""; filename=""';

/** The form as it leaves, having come in pieces of so many bytes. */
function passed(form: string, pieceBytes: number, type = TYPE): string {
  const bytes = Buffer.from(form);
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, at) =>
    bytes.subarray(at * pieceBytes, (at + 1) * pieceBytes),
  );
  const heads = new PartHeads(type);
  return Buffer.concat([...pieces.map(piece => heads.pass(piece)), heads.rest()]).toString();
}

const part = (head: string, body: string) => `--b b\r\n${head}\r\n\r\n${body}\r\n`;

const SIZES = [1, 2, 3, 5, 7, 16, 61, 10_000];

it.each([
  ['a name', part('Content-Disposition: form-data; name=""; filename="a"', 'x')],
  ['no name', part('Content-Disposition: form-data; name=""', 'x')],
  ['a field called so', part('Content-Disposition: form-data; name="filename=\\"\\""', 'x')],
  [
    'bytes that read like a head',
    part('Content-Disposition: form-data; name="f"; filename="a"', `\r\n${UNNAMED}\r\n\r\n`),
  ],
  ['another header that says so', part('X-Other: a; filename=""\r\nContent-Disposition: form-data; name="a"', 'x')],
  ['a head that never ends', `--b b\r\n${'x'.repeat(17_000)}; filename=""\r\n\r\n`],
  ['text around it', `before\r\n${part('Content-Disposition: form-data; name="a"', 'x')}--b b--\r\n${UNNAMED}\r\n`],
  ['no part', ''],
])('changes nothing of a form with %s, however it comes', (_what, form) => {
  for (const size of SIZES) expect(passed(form, size)).toBe(form);
});

it('changes nothing where another boundary separates the parts', () => {
  const form = part(UNNAMED, 'x');
  expect(passed(form, 7, 'multipart/form-data; boundary=other')).toBe(form);
});

it.each([
  ['first', part(UNNAMED, 'hello'), part(`${UNNAMED.slice(0, -2)}"/"`, 'hello')],
  [
    'behind a field',
    part('Content-Disposition: form-data; name="cacheControl"', '60') + part(UNNAMED, '\r\n\r\n--b'),
    part('Content-Disposition: form-data; name="cacheControl"', '60') +
      part(`${UNNAMED.slice(0, -2)}"/"`, '\r\n\r\n--b'),
  ],
])(
  'gives an empty file name that comes %s something that busboy takes for one, however it comes',
  (_where, form, expected) => {
    for (const size of SIZES) expect(passed(`${form}--b b--\r\n`, size)).toBe(`${expected}--b b--\r\n`);
  },
);

it('hands on a chunk with nothing to change as it is, uncopied', () => {
  const form = Buffer.from(`${part('Content-Disposition: form-data; name="f"; filename="a"', 'x')}--b b--\r\n`);
  const heads = new PartHeads(TYPE);
  expect(heads.pass(form)).toBe(form);
});
