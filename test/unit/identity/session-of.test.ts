import { isScoped, sessionOf } from '../../../src/identity/session-of.ts';
import { ALICE, scopeOf, user } from '../../support/scopes.ts';

describe('a session', () => {
  it('is none of whoever proves to be somebody in another way', () => {
    expect(() => sessionOf(scopeOf(user(ALICE)))).toThrow(expect.objectContaining({ code: 'invalid-session' }));
  });

  it.each([
    [{}, false],
    [{ scopes: null }, false],
    [{ scopes: 0 }, true],
    [{ scopes: 6 }, true],
  ])('with the claims %j is scoped: %p', (claims, scoped) => {
    expect(isScoped(scopeOf(user(ALICE, claims)))).toBe(scoped);
  });
});
