import { answersByCode, asSluiceError, type ErrorKind, KIND_OF, SluiceError } from '../../../src/domain/errors.ts';

const OF_KINDS = Object.fromEntries(Object.values(KIND_OF).map(kind => [kind, kind])) as Record<ErrorKind, string>;

describe('answers by code', () => {
  it('are given for every code, by its kind', () => {
    expect(answersByCode(OF_KINDS, {})).toEqual(KIND_OF);
  });

  it('are those of the code where it has its own, also one that is nothing', () => {
    const answers = answersByCode<string | null>(OF_KINDS, { referenced: 'own', 'too-large': null });
    expect(answers).toEqual({ ...KIND_OF, referenced: 'own', 'too-large': null });
  });
});

describe('an error of the core', () => {
  it('stays what it is', () => {
    const error = new SluiceError('locked', 'busy');
    expect(asSluiceError(error)).toBe(error);
  });

  it.each([new Error('secret'), 'secret', null])('says nothing of %p, which is not one', thrown => {
    const { code, message, facts, cause } = asSluiceError(thrown);
    expect({ code, message, facts, cause }).toEqual({
      code: 'internal',
      message: 'Internal server error',
      facts: {},
      cause: thrown,
    });
  });
});
