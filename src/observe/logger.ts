/**
 * The log: JSON lines with time, level, message and fields, secrets cut out. Home of winston. Also the one line that
 * every request leaves behind.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { createLogger, type Logform, Transport } from 'winston';
import { type ErrorCode, errorCode } from '../domain/errors.ts';
import { whenReplied } from '../http/reply-outcome.ts';
import { receivedBytes } from '../http/request-body.ts';
import { recordOf } from '../http/request-record.ts';
import { redact, redactFields, redactText } from './redact.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogFields = Readonly<Record<string, unknown>>;
/** One method per level. Fields may hold anything, errors included; `time`, `level` and `message` are taken. */
export type Logger = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>;

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
  fields?: LogFields | undefined;
  [LINE]?: string;
}

export function makeLogger({ level, stream = process.stdout }: LoggerOptions): Logger {
  const logger = createLogger({ level, format: { transform: toLine }, transports: [new LineTransport(stream)] });
  const write = (at: LogLevel) => (message: string, fields?: LogFields) => {
    if (logger.isLevelEnabled(at)) logger.log({ level: at, message, fields });
  };
  return { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug') };
}

function toLine(info: Logform.TransformableInfo): Logform.TransformableInfo {
  const { level, message, fields } = info as unknown as LogEntry;
  const line = { time: new Date(), level, message: redactText(message) };
  Object.assign(info, { [LINE]: JSON.stringify({ ...(fields && redactFields(Object.entries(fields))), ...line }) });
  return info;
}

/** winston's own stream transport starts a timer per line. */
class LineTransport extends Transport {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    super();
    this.#stream = stream;
  }

  override log(info: LogEntry, next: () => void): void {
    this.#stream.write(`${info[LINE]}\n`);
    next();
  }
}
