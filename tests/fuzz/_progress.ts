// What a worker is at, for the thread that waits for it: the input is in memory
// that both see, so that it is known where the worker never comes back.

const MAX_CHARS = 1 << 16;
const HEADER_BYTES = 12;

/** An input that is being run. */
export interface Running {
  /** How many runs there were before it. */
  readonly runs: number;
  /** The target's place in the list of them. */
  readonly target: number;
  readonly input: string;
}

/** Memory that two threads share. */
export class Progress {
  readonly buffer: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #chars: Uint16Array;

  constructor(
    buffer = new SharedArrayBuffer(HEADER_BYTES + 2 * MAX_CHARS),
  ) {
    this.buffer = buffer;
    this.#numbers = new Int32Array(buffer, 0, 3);
    this.#chars = new Uint16Array(buffer, HEADER_BYTES);
  }

  /** How many runs there were. */
  get runs(): number {
    return Atomics.load(this.#numbers, 0);
  }

  /** Says what is run next. */
  begin(target: number, input: string): void {
    const length = Math.min(input.length, MAX_CHARS);
    for (let i = 0; i < length; i++) this.#chars[i] = input.charCodeAt(i);
    Atomics.store(this.#numbers, 1, target);
    Atomics.store(this.#numbers, 2, length);
    Atomics.add(this.#numbers, 0, 1);
  }

  /** Gives what is run now. */
  read(): Running {
    const [runs, target, length] = this.#numbers;
    const input = Array.from(
      this.#chars.subarray(0, length),
      (code) => String.fromCharCode(code),
    ).join("");
    return { runs: runs!, target: target!, input };
  }
}
