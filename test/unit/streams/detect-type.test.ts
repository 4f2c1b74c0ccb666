import { detectType } from '../../../src/streams/detect-type.ts';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describe('detectType', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('just text')],
    ['half a signature', PNG.subarray(0, 4)],
    ['a ZIP without its end', Buffer.from('504b0304140000000800', 'hex')],
  ])('knows no type, or at least does not fail, of %s', async (_, head) => {
    expect([null, 'application/zip']).toContain((await detectType(head))?.contentType ?? null);
  });

  it.each([
    ['a PNG', PNG, 'png', 'image/png'],
    ['a JPEG', Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'), 'jpg', 'image/jpeg'],
    ['gzip', Buffer.from('1f8b0800000000000003', 'hex'), 'gz', 'application/gzip'],
    ['a PDF', Buffer.from('%PDF-1.7\n'), 'pdf', 'application/pdf'],
  ])('knows %s by its first bytes', async (_, head, extension, contentType) => {
    expect(await detectType(head)).toEqual({ extension, contentType });
  });
});
