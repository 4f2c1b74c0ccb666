/** Bodies that must be exactly what the contract says (`x-exact`): nothing is coerced, and every wrong field is named. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadContract } from '../../../src/contract/contract.ts';
import { packageRoot } from '../../../src/package-root.ts';

const { operations } = loadContract(readFileSync(join(packageRoot(), 'openapi.yaml'), 'utf8'));

function findingOf(operationId: string, body: unknown) {
  const operation = operations.get(operationId);
  expect(operation?.bodyKind).toBe('exact-json');
  return operation?.checks.body(body);
}

describe('an exact body', () => {
  it.each([
    ['signIn', {}, ['username', 'password']],
    ['signIn', { username: 5, password: null }, ['username', 'password']],
    ['signIn', { username: 'a', password: 'b', rememberMe: 'true' }, ['rememberMe']],
    ['nameMyFile', { name: 5 }, ['name']],
    ['deleteMyFiles', { ids: ['a', 5, true] }, ['ids']],
    ['deleteAllMyFiles', { '2fa': { token: 'x' } }, ['2fa']],
    ['nameMyFile', [], []],
    ['nameMyFile', null, []],
  ])('of %s that is %j is refused, with the fields %j', (operationId, body, fields) => {
    expect(findingOf(operationId, body)?.fields).toEqual(fields);
  });

  it('with very many wrong items is refused in few words', () => {
    const finding = findingOf('deleteMyFiles', { ids: Array(10_000).fill(5) });
    expect(finding?.fields).toEqual(['ids']);
    expect(finding?.message.length).toBeLessThan(1000);
  });

  it.each([
    ['signIn', { username: 'a', password: 'b' }],
    ['deleteAllMyFiles', {}],
    ['openMySession', { name: null, permissionFlags: null }],
    ['nameMyFile', { name: '', unknown: 1 }],
  ])('of %s may be %j', (operationId, body) => {
    expect(findingOf(operationId, body)).toBeNull();
  });
});
