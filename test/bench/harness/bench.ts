/** What a bench is, for run.ts: a question, and how to find the answer on a running stack. */
import type { Case, Goal, Report } from './report.ts';
import type { Stack } from './stack.ts';

export interface Effort {
  /** How long each run of a load lasts. */
  readonly seconds: number;
  readonly rounds: number;
  /** Rows of list-million in each bucket. */
  readonly rows: number;
  /** Size of the objects of large-download and large-upload. */
  readonly largeMiB: number;
  /** Blobs of sweep on the local disk. */
  readonly blobs: number;
  /** Connections of many-slow-clients. */
  readonly slowClients: number;
}

export interface Answer {
  readonly cases: readonly Case[];
  readonly goals: readonly Goal[];
}

export interface Bench {
  readonly question: string;
  readonly unit: Report['unit'];
  /** Settings of the gateway beside the defaults. */
  readonly env?: Readonly<Record<string, string>>;
  ask(stack: Stack, effort: Effort): Promise<Answer>;
}

/** A result of one way within one case. Throws when there is none, which is a mistake in the bench. */
export function resultOf(cases: readonly Case[], name: string, way: string) {
  const result = cases.find(one => one.name === name)?.ways.find(one => one.name === way);
  if (result === undefined) throw new Error(`nothing was measured for ${way}, ${name}`);
  return result;
}
