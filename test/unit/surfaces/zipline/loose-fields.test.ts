import { fieldsOf, isYes, numberOf } from '../../../../src/surfaces/zipline/loose-fields.ts';

describe('a number', () => {
  it.each(['', 'x', '1.5', '-1', '1e3', '0x1', '9'.repeat(16), -1, 1.5, Number.NaN, null, undefined, true, [1], {}])(
    'is not read from %p',
    value => {
      expect(numberOf(value)).toBeNull();
    },
  );

  it.each([
    [0, 0],
    [42, 42],
    ['42', 42],
    [' 42 ', 42],
    ['007', 7],
  ])('is read from %p', (value, number) => {
    expect(numberOf(value)).toBe(number);
  });
});

describe('yes', () => {
  it.each([undefined, '', '0', 'false', 'yes', true, 1, ['true']])('is not %p', value => {
    expect(isYes(value)).toBe(false);
  });

  it.each(['true', 'TRUE', '1'])('is %p', value => {
    expect(isYes(value)).toBe(true);
  });
});

describe('the fields of a body', () => {
  it.each([undefined, null, 'text', 7])('are none in %p', body => {
    expect(fieldsOf(body)).toEqual({});
  });

  it('are those of an object', () => {
    expect(fieldsOf({ file: 7 })).toEqual({ file: 7 });
  });
});
