// Buffers to read into and to join small pieces in. A pool keeps them between
// reads, for all connections: their contents are old bytes of any origin, so only
// the part that a read filled may leave this folder, and only as a copy.

// A small response fits into the first size. Reads of more than the last size
// were not faster.
const SIZES = [4096, 65536, 262144] as const;

// How many idle buffers of each size are kept: 256 KiB, 1 MiB, and 1 MiB.
const MAX_IDLE = [64, 16, 4] as const;

const idle: ArrayBuffer[][] = SIZES.map(() => []);

/** The size of the largest buffer. */
export const MAX_BUFFER_BYTES: number = SIZES[2];

/** Takes the smallest buffer that holds `length` bytes, at most the largest. */
export function takeBuffer(length: number): Uint8Array<ArrayBuffer> {
  const at = length <= SIZES[0] ? 0 : length <= SIZES[1] ? 1 : 2;
  return new Uint8Array(idle[at]!.pop() ?? new ArrayBuffer(SIZES[at]));
}

/** Returns a buffer to the pool. A buffer of another size is ignored. */
export function giveBuffer(buffer: ArrayBufferLike): void {
  if (!(buffer instanceof ArrayBuffer)) return;
  const at = SIZES.findIndex((size) => size === buffer.byteLength);
  if (at >= 0 && idle[at]!.length < MAX_IDLE[at]!) idle[at]!.push(buffer);
}

/** How much a connection reads at once: more after reads that fill a buffer. */
export class ReadSize {
  #at = 0;

  /** Takes a buffer for the next read. */
  takeBuffer(): Uint8Array<ArrayBuffer> {
    return takeBuffer(SIZES[this.#at]!);
  }

  /** Adapts to the length of a read. */
  note(length: number): void {
    if (length === SIZES[this.#at] && this.#at < SIZES.length - 1) {
      this.#at++;
    } else if (this.#at > 0 && length < SIZES[this.#at - 1]! / 2) {
      this.#at--;
    }
  }
}
