import { SluiceError } from '../../../src/domain/errors.ts';
import { openOnceEnded } from '../../../src/entrance/login-operation.ts';
import { ALICE, ANON, scopeOf, user } from '../../support/scopes.ts';

const refusing = (code: 'invalid-session' | 'access-denied', askers: (string | null)[]) =>
  openOnceEnded<{ scope: ReturnType<typeof scopeOf> }>(async ({ scope }) => {
    askers.push(scope.caller.subject);
    if (scope.caller.subject !== null) throw new SluiceError(code, 'no');
  });

describe('what is open to anybody', () => {
  it('stays open to whose session has ended, who is then nobody', async () => {
    const askers: (string | null)[] = [];
    await refusing('invalid-session', askers)({ scope: scopeOf(user(ALICE)) });
    expect(askers).toEqual([ALICE, ANON.subject]);
  });

  it('is not asked twice where something else is wrong', async () => {
    const askers: (string | null)[] = [];
    const asking = refusing('access-denied', askers)({ scope: scopeOf(user(ALICE)) });
    await expect(asking).rejects.toMatchObject({ code: 'access-denied' });
    expect(askers).toEqual([ALICE]);
  });
});
