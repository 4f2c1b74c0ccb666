/** Turns the signals of terminals and supervisors into one orderly end. */

/** The part of `process` that is used. */
export interface SignalSource {
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
}

/** Resolves at the first SIGTERM or SIGINT, with its name; at the second, `leaveAtOnce` is called. */
export function awaitShutdown(source: SignalSource, leaveAtOnce: () => void): Promise<string> {
  return new Promise(resolve => {
    let isAsked = false;
    const ask = (signal: string): void => {
      if (isAsked) leaveAtOnce();
      isAsked = true;
      resolve(signal);
    };
    source.on('SIGTERM', () => ask('SIGTERM'));
    source.on('SIGINT', () => ask('SIGINT'));
  });
}
