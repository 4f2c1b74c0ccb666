/** The log: JSON lines with time, level, message and fields, secrets cut out. Home of winston. */
import type { Writable } from 'node:stream';
import { createLogger, type Logform, transports } from 'winston';
import { harmlessJson, redactFields, redactText } from './redact.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
/** One method per level. Fields may hold anything, errors included; `time`, `level` and `message` are taken. */
export type Logger = Readonly<Record<LogLevel, (message: string, fields?: object) => void>>;

export interface LoggerOptions {
  /** Lines below this level cost next to nothing and are not written. */
  readonly level: LogLevel;
  /** Standard output unless given. */
  readonly stream?: Writable;
}

/** winston hands the finished line to its transports under this key. */
const LINE = Symbol.for('message');

interface LogEntry {
  level: string;
  message: string;
  fields?: object | undefined;
  [LINE]?: string;
}

export function makeLogger({ level, stream = process.stdout }: LoggerOptions): Logger {
  const logger = createLogger({ level, format: { transform: toLine }, transports: [new LineTransport(stream)] });
  const write = (at: LogLevel) => (message: string, fields?: object) => {
    if (logger.isLevelEnabled(at)) logger.log({ level: at, message, fields });
  };
  return { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug') };
}

const HEAD: ReadonlySet<string> = new Set(['time', 'level', 'message']);

/** The head comes first and no field can take its place. Joined as text: spreading the objects costs as much as all else. */
function toLine(info: Logform.TransformableInfo): Logform.TransformableInfo {
  const entry = info as unknown as LogEntry;
  const { level, message, fields = {} } = entry;
  const head = `{"time":"${new Date().toISOString()}","level":"${level}","message":${JSON.stringify(redactText(message))}`;
  const own = Object.entries(fields).filter(([name]) => !HEAD.has(name));
  const tail = harmlessJson(own) ?? JSON.stringify(redactFields(own));
  entry[LINE] = tail === '{}' ? `${head}}` : `${head},${tail.slice(1)}`;
  return info;
}

/** winston's own starts a timer for every line. */
class LineTransport extends transports.Stream {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    super({ stream });
    this.#stream = stream;
  }

  override log(info: LogEntry, next: () => void): void {
    this.#stream.write(`${info[LINE]}\n`);
    next();
  }
}
