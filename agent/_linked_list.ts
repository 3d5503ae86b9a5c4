// A doubly linked list whose owners keep the links, so that removing one from the
// middle takes constant time and allocates nothing. A `Map` is not a queue: each
// iterator skips the entries deleted at its front again.

/** A place in a {@linkcode LinkedList}, in at most one list at a time. */
export class Link<Value> {
  readonly value: Value;
  previous: Link<Value> | null = null;
  next: Link<Value> | null = null;
  list: LinkedList<Value> | null = null;

  constructor(value: Value) {
    this.value = value;
  }

  /** Leaves its list, if it is in one. */
  remove(): void {
    const { list, previous, next } = this;
    if (list === null) return;
    if (previous === null) list.first = next;
    else previous.next = next;
    if (next === null) list.last = previous;
    else next.previous = previous;
    list.size--;
    this.previous = this.next = this.list = null;
  }
}

/** A list of links. */
export class LinkedList<Value> {
  first: Link<Value> | null = null;
  last: Link<Value> | null = null;
  size = 0;

  /** Appends a link that is in no list. */
  push(link: Link<Value>): void {
    this.insert(link, this.last);
  }

  /** Inserts a link that is in no list, after one of this list or at its start. */
  insert(link: Link<Value>, previous: Link<Value> | null): void {
    const next = previous === null ? this.first : previous.next;
    link.list = this;
    link.previous = previous;
    link.next = next;
    if (previous === null) this.first = link;
    else previous.next = link;
    if (next === null) this.last = link;
    else next.previous = link;
    this.size++;
  }
}
