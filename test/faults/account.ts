/**
 * What a client may rely on, kept by the client alone: for each name the states it may be in after everything that was
 * acknowledged, refused, or left without an answer. Names belong to one client, so nobody else changes them.
 */
import { digest, type Got, isAcknowledged } from './door.ts';

const ABSENT = 'absent';

/** The true statuses of refusals after which nothing has changed: not there, taken, and given up. */
const REFUSALS = new Set(['404', '408', '409']);

type Answer = 'acknowledged' | 'refused' | 'unknown';

export class Account {
  /** Promises that were broken. */
  readonly broken: string[] = [];
  readonly counts = { acknowledged: 0, refused: 0, unknown: 0 };
  readonly #states = new Map<string, Set<string>>();

  statesOf(name: string): Set<string> {
    return this.#states.get(name) ?? new Set([ABSENT]);
  }

  get names(): string[] {
    return [...this.#states.keys()];
  }

  stored(name: string, bytes: Buffer, { got, overwrites }: { got: Got; overwrites: boolean }): void {
    const states = this.statesOf(name);
    const answer = this.#answerOf(got, `storing ${name}`);
    if (answer === 'acknowledged') {
      if (!overwrites && !states.has(ABSENT)) this.broken.push(`${name} was overwritten without being told to`);
      this.#states.set(name, new Set([digest(bytes)]));
    } else if (answer === 'unknown') {
      this.#states.set(name, new Set([...states, digest(bytes)]));
    } else if (!overwrites && statusOf(got) === '409') {
      this.#narrow(name, present(states), 'is said to be taken');
    }
  }

  removed(name: string, got: Got): void {
    const states = this.statesOf(name);
    const answer = this.#answerOf(got, `removing ${name}`);
    if (answer === 'refused') this.#narrow(name, absent(states), 'is said to be absent');
    else if (answer === 'unknown') this.#states.set(name, new Set([...states, ABSENT]));
    else this.#states.set(name, new Set([ABSENT]));
  }

  copied(source: string, name: string, got: Got): void {
    const answer = this.#answerOf(got, `copying ${source} to ${name}`);
    if (answer === 'refused') this.#narrow(source, absent(this.statesOf(source)), 'is said to be absent');
    else this.#arrived(source, name, answer);
  }

  moved(source: string, name: string, got: Got): void {
    const answer = this.#answerOf(got, `moving ${source} to ${name}`);
    if (answer === 'refused') return;
    this.#arrived(source, name, answer);
    this.#states.set(
      source,
      answer === 'acknowledged' ? new Set([ABSENT]) : new Set([...this.statesOf(source), ABSENT]),
    );
  }

  read(name: string, got: Got): void {
    const answer = this.#answerOf(got, `reading ${name}`);
    const states = this.statesOf(name);
    if (answer === 'refused') this.#narrow(name, absent(states), 'is said to be absent');
    if (answer !== 'acknowledged') return;
    const seen = digest(got.bytes);
    this.#narrow(
      name,
      new Set([...states].filter(state => state === seen)),
      `reads as ${got.bytes.length} other bytes`,
    );
  }

  #arrived(source: string, name: string, answer: Answer): void {
    const arriving = present(this.statesOf(source));
    if (answer === 'acknowledged') this.#narrow(source, arriving, 'was copied or moved though it was not there');
    this.#states.set(name, answer === 'acknowledged' ? arriving : new Set([...this.statesOf(name), ...arriving]));
  }

  #narrow(name: string, states: Set<string>, words: string): void {
    if (states.size === 0) this.broken.push(`${name} ${words}; it must be ${[...this.statesOf(name)].join(' or ')}`);
    else this.#states.set(name, states);
  }

  #answerOf(got: Got, act: string): Answer {
    let answer: Answer = 'unknown';
    if (isAcknowledged(got)) answer = 'acknowledged';
    else if (got.status === 400) {
      answer = 'refused';
      if (!REFUSALS.has(statusOf(got))) this.broken.push(`${act} was answered with ${got.bytes.toString()}`);
    }
    this.counts[answer] += 1;
    return answer;
  }
}

/** This API says the true status in the body. */
function statusOf({ bytes }: Got): string {
  return String((JSON.parse(bytes.toString()) as { statusCode?: string }).statusCode);
}

function present(states: ReadonlySet<string>): Set<string> {
  return new Set([...states].filter(state => state !== ABSENT));
}

function absent(states: ReadonlySet<string>): Set<string> {
  return new Set([...states].filter(state => state === ABSENT));
}
