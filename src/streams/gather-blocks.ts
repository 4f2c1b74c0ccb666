/**
 * Gathers pieces of any length into blocks of one length, for places that take a few large pieces better than many small
 * ones. A fixed number of blocks is all the memory that it needs; each is used again once nobody needs it any more.
 */

/** Where the memory of blocks comes from, and goes back to. */
export interface BlockMemory {
  readonly blockBytes: number;
  take(): Buffer;
  giveBack(block: Buffer): void;
}

export interface Gathering {
  readonly batches: AsyncIterable<Buffer[]>;
  readonly memory: BlockMemory;
  /** So many at most, the one being filled among them. */
  readonly blocks: number;
  /** Sends a block on its way: all are full but the last. The bytes are its own until it resolves. */
  readonly launch: (bytes: Buffer, index: number) => Promise<unknown>;
  /** Makes `batches` fail, because a launch has. */
  readonly stop: () => void;
}

/** Resolves once every launch has. Rejects with the first failure, when nothing is on its way any more. */
export async function gatherBlocks(gathering: Gathering): Promise<void> {
  const { batches, memory } = gathering;
  const flight = new Flight(gathering);
  let filling: Buffer | null = null;
  let length = 0;
  try {
    for await (const batch of batches) {
      for (const piece of batch) {
        for (let offset = 0; offset < piece.length; ) {
          filling ??= await flight.takeBlock();
          const copied = Math.min(piece.length - offset, memory.blockBytes - length);
          // `copy` is many times slower into shared memory.
          filling.fill(piece.subarray(offset, offset + copied), length, length + copied);
          offset += copied;
          length += copied;
          if (length < memory.blockBytes) continue;
          flight.launch(filling, length);
          filling = null;
          length = 0;
        }
      }
    }
    if (filling !== null) flight.launch(filling, length);
    filling = null;
  } catch (error) {
    flight.fail(error);
  }
  await flight.land();
  if (filling !== null) memory.giveBack(filling);
  flight.verdict();
}

/** The blocks that are on their way. */
class Flight {
  readonly #gathering: Gathering;
  readonly #underWay = new Set<Promise<void>>();
  readonly #spare: Buffer[] = [];
  #taken = 0;
  #launched = 0;
  #failure: { readonly error: unknown } | null = null;

  constructor(gathering: Gathering) {
    this.#gathering = gathering;
  }

  async takeBlock(): Promise<Buffer> {
    while (this.#spare.length === 0 && this.#taken === this.#gathering.blocks) {
      await Promise.race(this.#underWay);
      this.verdict();
    }
    const used = this.#spare.pop();
    if (used !== undefined) return used;
    this.#taken += 1;
    return this.#gathering.memory.take();
  }

  launch(block: Buffer, length: number): void {
    const index = this.#launched++;
    const flying = this.#fly(block, length, index).finally(() => this.#underWay.delete(flying));
    this.#underWay.add(flying);
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  async land(): Promise<void> {
    await Promise.all(this.#underWay);
    for (const block of this.#spare) this.#gathering.memory.giveBack(block);
  }

  verdict(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #fly(block: Buffer, length: number, index: number): Promise<void> {
    try {
      await this.#gathering.launch(block.subarray(0, length), index);
    } catch (error) {
      this.fail(error);
      this.#gathering.stop();
    }
    this.#spare.push(block);
  }
}
