/**
 * A worker's side of the cluster: when it is to end, and how it gets the metrics of all workers. It dies at once when the
 * primary is gone (Node does that), so no worker is ever left behind.
 */
import { randomUUID } from 'node:crypto';
import { isMetricsReply, type MetricsRequest } from './worker-messages.ts';

/** The part of `process` that is used. */
export interface WorkerProcess {
  on(event: 'SIGTERM' | 'SIGINT' | 'message', listener: (message: unknown) => void): unknown;
  off(event: 'message', listener: (message: unknown) => void): unknown;
  send?(message: unknown): boolean;
}

/**
 * Resolves at SIGTERM, which the primary sends, however often it comes. SIGINT is left to the primary: Ctrl-C in a
 * terminal reaches every process, and what it means is decided once.
 */
export function awaitDrain(worker: WorkerProcess): Promise<void> {
  return new Promise(resolve => {
    worker.on('SIGTERM', () => resolve());
    worker.on('SIGINT', () => {});
  });
}

/** The metrics of all workers together. Rejects when the primary cannot collect them, or does not answer in time. */
export function askForMetrics(worker: WorkerProcess, timeoutMs = 5_000): Promise<string> {
  const request: MetricsRequest = { kind: 'sluice-metrics-request', id: randomUUID() };
  return new Promise((resolve, reject) => {
    const finish = (act: () => void): void => {
      clearTimeout(timer);
      worker.off('message', listen);
      act();
    };
    const listen = (message: unknown): void => {
      if (!isMetricsReply(message) || message.id !== request.id) return;
      const { text, failure } = message;
      finish(() =>
        text === null ? reject(new Error(`The metrics could not be collected: ${failure}`)) : resolve(text),
      );
    };
    const timer = setTimeout(() => finish(() => reject(new Error('The primary process does not answer.'))), timeoutMs);
    worker.on('message', listen);
    worker.send?.(request);
  });
}
