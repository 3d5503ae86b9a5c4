// Buffers to read into, and to encode or join writes in.
//
// They are lent for one read or write at a time, so an idle connection holds only the
// small buffer of its pending read. A returned buffer is lent to another connection,
// and still holds bytes of the first: never give one to the user, only copies of its
// contents.

// A small response fits into the first. Reads larger than the last were not
// faster.
const SIZES: readonly number[] = [1024, 4096, 65536, 262144];

// How many of each size are kept: at most a megabyte of the large ones.
const MAX_IDLE: readonly number[] = [256, 64, 16, 4];

const idle: ArrayBuffer[][] = SIZES.map(() => []);

/** The size of the largest buffer, in bytes. */
export const MAX_BUFFER_BYTES: number = SIZES[3]!;

/** The size of the largest buffer for a read that may stay pending for long. */
const MAX_IDLE_BYTES: number = SIZES[1]!;

/** Takes a view of this many bytes on the smallest buffer that holds them. */
export function takeBuffer(bytes: number): Uint8Array<ArrayBuffer> {
  let at = 0;
  while (SIZES[at]! < bytes) at++;
  const buffer = idle[at]!.pop() ?? new ArrayBuffer(SIZES[at]!);
  return new Uint8Array(buffer, 0, bytes);
}

/** Returns a buffer, which need not be one that was taken here. */
export function returnBuffer(buffer: ArrayBuffer): void {
  const at = SIZES.indexOf(buffer.byteLength);
  if (at >= 0 && idle[at]!.length < MAX_IDLE[at]!) idle[at]!.push(buffer);
}

/** The size of a connection's next read: larger after reads that were full. */
export class ReadSize {
  /** Whether the next read may stay pending for long, and gets a small buffer. */
  isIdle = false;
  #at = 0;

  /** The size in bytes. */
  get bytes(): number {
    const bytes = SIZES[this.#at]!;
    return this.isIdle ? Math.min(bytes, MAX_IDLE_BYTES) : bytes;
  }

  /** Adapts the size to the length of a read. */
  adapt(length: number): void {
    if (length === SIZES[this.#at] && this.#at < SIZES.length - 1) {
      this.#at++;
    } else if (this.#at > 0 && length < SIZES[this.#at - 1]! / 2) {
      this.#at--;
    }
  }
}
