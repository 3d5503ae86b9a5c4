// Buffers to read into, and to put pieces together in before they are written.
// They live between reads and not between exchanges: an idle connection has
// none, and what is given back serves the next connection that reads.

// A small response fits into the first. Reads larger than the last were not
// faster.
const SIZES = [4096, 65536, 262144] as const;

// How many of each size are kept: a megabyte at most of each but the first.
const MAX_IDLE = [64, 16, 4] as const;

const idle: ArrayBuffer[][] = SIZES.map(() => []);

/** The size of the largest buffer, in bytes. */
export const MAX_BUFFER_BYTES: number = SIZES[2];

/** Takes the smallest buffer that holds so many bytes, up to the largest. */
export function takeBuffer(bytes: number): Uint8Array<ArrayBuffer> {
  const at = bytes <= SIZES[0] ? 0 : bytes <= SIZES[1] ? 1 : 2;
  return new Uint8Array(idle[at]!.pop() ?? new ArrayBuffer(SIZES[at]));
}

/** Gives a buffer back, which may also be one that was not taken here. */
export function giveBuffer(buffer: ArrayBufferLike): void {
  if (!(buffer instanceof ArrayBuffer)) return;
  const at = SIZES.findIndex((size) => size === buffer.byteLength);
  if (at >= 0 && idle[at]!.length < MAX_IDLE[at]!) idle[at]!.push(buffer);
}

/** How much a connection reads at once: more where reads fill their buffer. */
export class ReadSize {
  #at = 0;

  /** Takes a buffer for the next read. */
  takeBuffer(): Uint8Array<ArrayBuffer> {
    return takeBuffer(SIZES[this.#at]!);
  }

  /** Takes note of how much a read gave. */
  note(length: number): void {
    if (length === SIZES[this.#at] && this.#at < SIZES.length - 1) {
      this.#at++;
    } else if (this.#at > 0 && length < SIZES[this.#at - 1]! / 2) {
      this.#at--;
    }
  }
}
