import { makePasswords } from '../../../src/identity/passwords.ts';

const passwords = makePasswords({ maxAtOnce: 2 });

it.each([
  ['', 'no text'],
  ['secret', 'the password itself'],
  ['scrypt$15$8$1$c2FsdHNhbHRzYWx0c2FsdA', 'no key'],
  ['scrypt$40$8$1$c2FsdHNhbHRzYWx0c2FsdA$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5', 'more work than a process may have'],
  ['scrypt$0$8$1$c2FsdHNhbHRzYWx0c2FsdA$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5', 'no work at all'],
  ['bcrypt$15$8$1$c2FsdHNhbHRzYWx0c2FsdA$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5', 'another algorithm'],
])('takes nothing for the hash %j: %s', async hash => {
  expect(await passwords.verify('secret', hash)).toBe(false);
});

it('knows a password again by its hash, and no other', async () => {
  const hash = await passwords.hash('sécret');
  expect(hash).toMatch(/^scrypt\$15\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
  expect(await passwords.verify('sécret', hash)).toBe(true);
  expect(await passwords.verify('sécret'.normalize('NFD'), hash)).toBe(true);
  expect(await passwords.verify('secret', hash)).toBe(false);
  expect(await passwords.verify('', hash)).toBe(false);
});

it('gives the same password another hash each time', async () => {
  expect(await passwords.hash('secret')).not.toBe(await passwords.hash('secret'));
});

it('works on a few at once and gets through all, while timers go on', async () => {
  const hash = await passwords.hash('secret');
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 5);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => passwords.verify(n % 2 ? 'secret' : 'x', hash)),
  );
  clearInterval(timer);
  expect(answers).toEqual([false, true, false, true, false, true, false, true]);
  expect(ticks).toBeGreaterThan(8);
});

it('turns away who would wait too long, and takes others again afterwards', async () => {
  const narrow = makePasswords({ maxAtOnce: 1, maxWaiting: 1 });
  const cheap = 'scrypt$1$1$1$c2FsdHNhbHRzYWx0c2FsdA$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5';
  const answers = await Promise.allSettled([1, 2, 3].map(() => narrow.verify('x', cheap)));
  expect(answers).toMatchObject([{ value: false }, { value: false }, { reason: { code: 'unavailable' } }]);
  expect(await narrow.verify('x', cheap)).toBe(false);
});

it('does the same work where there is no hash to compare with', async () => {
  expect(await passwords.verify('', null)).toBe(false);
});
