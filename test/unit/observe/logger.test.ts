import { Writable } from 'node:stream';
import { type LogLevel, makeLogger } from '../../../src/observe/logger.ts';

function collect(level: LogLevel) {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { lines, log: makeLogger({ level, stream }) };
}

describe('the log', () => {
  it('writes no line below its level', () => {
    const { log, lines } = collect('warn');
    log.debug('no');
    log.info('no');
    log.warn('yes');
    log.error('yes');
    expect(lines.map(line => JSON.parse(line).level)).toEqual(['warn', 'error']);
  });

  it('writes one line of JSON: time, level, message, then the fields', () => {
    const { log, lines } = collect('info');
    log.info('request', { status: 200, path: '/a\nb' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"info","message":"request","status":200,"path":"\/a\\nb"\}\n$/,
    );
  });

  it('lets no field take the place of time, level or message', () => {
    const { log, lines } = collect('info');
    log.info('real', { message: 'false', level: 'error', time: 'never' });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: 'real', level: 'info' });
    expect(lines[0]).not.toContain('never');
  });

  it('lets no secret through, in the message or in a field', () => {
    const { log, lines } = collect('info');
    log.error('failed with token=abc', { authorization: 'abc', error: new Error('at /x?token=abc') });
    expect(lines.join('')).not.toContain('abc');
  });

  it.each([
    ['a text with a token', { path: '/x?token=abc' }],
    ['a field that is called one', { Token: 'abc' }],
    [
      'a field after a hundred others',
      { ...Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, 1])), late: 'abc' },
    ],
    ['the end of a long text', { path: `${'x'.repeat(8192)}abc` }],
  ])('cuts out %s, among fields that are otherwise harmless', (_what, fields) => {
    const { log, lines } = collect('info');
    log.info('request', { status: 200, ...fields });
    expect(lines.join('')).not.toContain('abc');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: 'request', status: 200 });
  });

  it('writes fields of every kind', () => {
    const { log, lines } = collect('info');
    log.info('request', { none: null, left: undefined, big: 1n, yes: true, text: '"\n\ud800', more: { deep: [1] } });
    log.info('request', { none: null, left: undefined, yes: true, text: '"\n\ud800' });
    const same = { message: 'request', none: null, yes: true, text: '"\n\ud800' };
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ ...same, big: '1', more: { deep: [1] } });
    expect(JSON.parse(lines[1] ?? '')).toEqual({ time: expect.any(String), level: 'info', ...same });
  });

  it('keeps two loggers apart', () => {
    const first = collect('info');
    const second = collect('info');
    first.log.info('one');
    expect([first.lines.length, second.lines.length]).toEqual([1, 0]);
  });
});
