/**
 * JSON lines by winston: time, level, message, then the fields given. Everything passes through `redact`, so no token and
 * no signed query string is ever written.
 */
import winston from 'winston';
import { redact, redactText } from './redact.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export interface Logger {
  error(message: string, fields?: object): unknown;
  warn(message: string, fields?: object): unknown;
  info(message: string, fields?: object): unknown;
  debug(message: string, fields?: object): unknown;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Standard error unless given, so that a command's result on standard output stays clean. */
  readonly stream?: NodeJS.WritableStream;
}

const LINE = Symbol.for('message');

/** The line is made in one step; winston's combinable formats would copy the fields several times. */
const asLine = winston.format(info => {
  const { level, message, ...fields } = info;
  info[LINE] = JSON.stringify({
    time: new Date().toISOString(),
    level,
    message: redactText(String(message)),
    ...(redact(fields) as object),
  });
  return info;
});

export function makeLogger({ level, stream }: LoggerOptions): Logger {
  return winston.createLogger({
    level,
    format: asLine(),
    transports: [new winston.transports.Stream({ stream: stream ?? process.stderr })],
  });
}
