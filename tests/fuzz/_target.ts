// What is fuzzed: a target draws trials, and a trial runs inputs.

import type { Random } from "./_random.ts";

/** Something that takes bytes, or strings, which anybody may have made. */
export interface Target {
  readonly name: string;
  /** Inputs to start from. */
  readonly seeds: readonly string[];
  /** Words of the grammar, to put into inputs. */
  readonly words: readonly string[];
  /** Chooses all that is not the input: the request, the limits, the cuts. */
  draw(random: Random): Trial;
}

/** One way to run inputs. It is the same each time, so that runs can be had again. */
export interface Trial {
  /**
   * Runs one input.
   *
   * @returns What came of it in short; inputs with a new outcome are kept.
   * @throws {Error} If a promise was broken.
   */
  run(input: string): string;
  /** The input as a line for the file of tests that it belongs to. */
  show(input: string): Shown;
}

/** A case that can be pasted into a file. */
export interface Shown {
  readonly file: string;
  readonly line: string;
}

/** Writes a case in one line, in ASCII, as the vector files have it. */
export function toLine(fields: object): string {
  const line = JSON.stringify(fields).replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  // Spaces where the files have them, and not within strings.
  return line.replace(
    /"(?:[^"\\]|\\.)*"|[:,]/g,
    (part) => part.length === 1 ? `${part} ` : part,
  );
}

/** Throws where a promise is broken. */
export function promise(kept: boolean, broken: string): asserts kept {
  if (!kept) throw new Error(broken);
}

/** Runs what may throw a `TypeError`, which is then what comes of it. */
export function orTypeError<T>(run: () => T): T | TypeError {
  try {
    return run();
  } catch (error) {
    // By class, and not by name: other errors may call themselves a TypeError.
    if (error instanceof TypeError) return error;
    throw error;
  }
}

/** Checks that a message is short, and safe to log. */
export function checkMessage(message: string): void {
  promise(
    /^[\x20-\x7e]{1,300}$/.test(message),
    `The message is long, or not of printable ASCII: ${message}`,
  );
}
