/** What workers and the primary say to each other. Other messages (Node's own, prom-client's) pass by. */

export interface MetricsRequest {
  readonly kind: 'sluice-metrics-request';
  readonly id: string;
}

export interface MetricsReply {
  readonly kind: 'sluice-metrics-reply';
  readonly id: string;
  /** Null when the primary could not collect; then `failure` says why. */
  readonly text: string | null;
  readonly failure: string | null;
}

export function isMetricsRequest(message: unknown): message is MetricsRequest {
  return (message as MetricsRequest | null)?.kind === 'sluice-metrics-request';
}

export function isMetricsReply(message: unknown): message is MetricsReply {
  return (message as MetricsReply | null)?.kind === 'sluice-metrics-reply';
}
