import { readBearer } from '../../../src/identity/read-credentials.ts';

it.each([
  ['null without the header', undefined, null],
  ['null when it is empty', '', null],
  ['null when it is blank', '  ', null],
  ['nothing for the scheme alone', 'Bearer', ''],
  ['another scheme as it stands', 'Basic YTpi', 'Basic YTpi'],
  ['a word that begins like the scheme as it stands', 'bearerx.y.z', 'bearerx.y.z'],
  ['the token', 'Bearer x.y.z', 'x.y.z'],
  ['the token after the scheme in any case', 'bEARER x.y.z', 'x.y.z'],
  ['the token after several blanks', 'Bearer \t x.y.z ', 'x.y.z'],
  ['a bare token', 'x.y.z', 'x.y.z'],
  ['the scheme once only', 'Bearer Bearer x.y.z', 'Bearer x.y.z'],
])('reads %s', (_what, authorization, token) => {
  expect(readBearer({ authorization })).toBe(token);
});

it('does not read apikey', () => {
  const headers = { apikey: 'x.y.z' };
  expect(readBearer(headers as { authorization?: string })).toBeNull();
});
