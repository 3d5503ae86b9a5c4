// A binary heap ordered by expiry. Each entry knows its index, so that any entry can
// be removed in logarithmic time.

/** An entry of an {@linkcode ExpiryHeap}. */
export interface Expiring {
  /** When it expires; constant while it is in the heap. */
  expires: number;
  /** Its index in the heap, or -1; only the heap writes it. */
  heapIndex: number;
}

/** A heap with the earliest expiry first. */
export class ExpiryHeap<Entry extends Expiring> {
  readonly #entries: Entry[] = [];

  /** The entry that expires first. */
  get first(): Entry | undefined {
    return this.#entries[0];
  }

  /** Adds an entry that is in no heap. */
  add(entry: Entry): void {
    this.#rise(entry, this.#entries.length);
  }

  /** Removes an entry, if it is there. */
  remove(entry: Entry): void {
    const index = entry.heapIndex;
    if (index < 0) return;
    entry.heapIndex = -1;
    const last = this.#entries.pop()!;
    if (last === entry) return;
    const parent = this.#entries[(index - 1) >> 1];
    if (index > 0 && last.expires < parent!.expires) this.#rise(last, index);
    else this.#sink(last, index);
  }

  #rise(entry: Entry, from: number): void {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#entries[above]!;
      if (parent.expires <= entry.expires) break;
      this.#place(parent, index);
      index = above;
    }
    this.#place(entry, index);
  }

  #sink(entry: Entry, from: number): void {
    const entries = this.#entries;
    let index = from;
    while (true) {
      let below = 2 * index + 1;
      if (below >= entries.length) break;
      const right = entries[below + 1];
      if (right !== undefined && right.expires < entries[below]!.expires) {
        below++;
      }
      const child = entries[below]!;
      if (child.expires >= entry.expires) break;
      this.#place(child, index);
      index = below;
    }
    this.#place(entry, index);
  }

  #place(entry: Entry, index: number): void {
    this.#entries[index] = entry;
    entry.heapIndex = index;
  }
}
