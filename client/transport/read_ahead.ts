// What a transport read before it was turned back into a connection.

type Bytes = Uint8Array<ArrayBuffer>;

/** Reads that come before the next one. */
export class ReadAhead {
  #reads: Promise<Bytes | null>[] = [];
  /** How many bytes were read and not used. */
  readonly unreadBytes: number;

  /**
   * Stores what was read.
   *
   * @param unread Bytes that come first.
   * @param pending A read that was not over, if there is one.
   */
  constructor(unread: Bytes, pending: Promise<Bytes | null> | null) {
    this.unreadBytes = unread.length;
    // A copy, since what was read may lie in a buffer of the pool.
    if (unread.length > 0) this.#reads.push(Promise.resolve(unread.slice()));
    if (pending !== null) {
      // Nobody may ever ask for it.
      pending.catch(() => {});
      this.#reads.push(pending);
    }
  }

  /** Takes the next read, or returns `null` if there is none left. */
  take(): Promise<Bytes | null> | null {
    return this.#reads.shift() ?? null;
  }
}
