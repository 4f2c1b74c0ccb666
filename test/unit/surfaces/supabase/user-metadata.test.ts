import { parseUserMetadata } from '../../../../src/surfaces/supabase/user-metadata.ts';

it('refuses more than 1 MiB', () => {
  expect(() => parseUserMetadata(`{"a":"${'x'.repeat(1024 * 1024)}"}`)).toThrow(
    expect.objectContaining({ code: 'too-large' }),
  );
});

it.each([
  ['no JSON', '{a:1}'],
  ['a text', '"a"'],
  ['an array', '[1]'],
  ['null', 'null'],
  ['U+0000 in a value', '{"a":"\\u0000"}'],
  ['U+0000 in a key', '{"a":{"\\u0000":1}}'],
  ['half of a surrogate pair', '{"a":["\\ud83d"]}'],
  ['half of a surrogate pair in a key', '{"\\ude00":1}'],
  ['a deeper tree than can be walked', `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
])('takes %s for none', (_what, text) => {
  expect(parseUserMetadata(text)).toBeNull();
});

it.each([
  '{}',
  '{"a":1,"b":[true,null,{"c":"é"}]}',
  '{"pair":"\\ud83d\\ude00"}',
  '{"the six characters of an escape":"\\\\u0000 \\\\ud83d"}',
])('takes %s as it is', text => {
  expect(parseUserMetadata(text)).toEqual(JSON.parse(text));
});
