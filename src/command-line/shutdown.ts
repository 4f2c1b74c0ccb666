/** Turns the signals of terminals and supervisors into one orderly end. */

/** The part of `process` that is used. */
export interface SignalSource {
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
}

/** Resolves at the first SIGTERM or SIGINT; at the second, `leaveAtOnce` is called. */
export function awaitShutdown(source: SignalSource, leaveAtOnce: () => void): Promise<void> {
  return new Promise(resolve => {
    let isAsked = false;
    const ask = (): void => {
      if (isAsked) leaveAtOnce();
      isAsked = true;
      resolve();
    };
    source.on('SIGTERM', ask);
    source.on('SIGINT', ask);
  });
}
