/** What the global set-up started and the global teardown must stop; both run in jest's own process. */

const pending: (() => Promise<void>)[] = [];

export function onTeardown(stop: () => Promise<void>): void {
  pending.push(stop);
}

/** Stops everything, the last started first. */
export async function tearDown(): Promise<void> {
  for (let stop = pending.pop(); stop !== undefined; stop = pending.pop()) await stop();
}
