// Readers of a body, one for each kind of framing.
//
//   none, tunnel   complete at once: a length of 0
//   length         complete after this many bytes; end of file before is an error
//   chunked        complete after the last chunk; end of file before is an error
//   close          complete at end of file

import { cannotRead } from "../core/fault.ts";
import type { Input } from "../core/input.ts";
import { WANTS_READ } from "../core/machine.ts";
import type { WantsRead } from "../coroutine.ts";
import type { HttpHeaders } from "../rfc9110/headers.ts";

/** Reads a body to its end. */
export interface BodyReader {
  /** Whether the body has been read to its end. */
  readonly isComplete: boolean;
  /** The trailer fields of a chunked body that is complete, otherwise `null`. */
  readonly trailers: HttpHeaders | null;
  /** How far the body was read, for an error at end of file. */
  readonly position: string;
  /**
   * Takes the data that has arrived.
   *
   * @returns The data, valid until the next call, or `null` if there is none.
   * @throws {HttpError} If the framing is invalid or a limit is exceeded.
   */
  read(input: Input): Uint8Array<ArrayBuffer> | null;
}

/** Reads a body without a coding. */
export class PlainReader implements BodyReader {
  /** The length, or `null` if the body ends when the connection closes. */
  readonly #length: number | null;
  #read = 0;
  isComplete: boolean;
  readonly trailers = null;

  constructor(length: number | null) {
    this.#length = length;
    this.isComplete = length === 0;
  }

  get position(): string {
    return `after ${this.#read} of ${this.#length} bytes`;
  }

  read(input: Input): Uint8Array<ArrayBuffer> | null {
    const total = this.#length;
    const arrived = input.end - input.start;
    const length = total === null
      ? arrived
      : Math.min(arrived, total - this.#read);
    this.#read += length;
    this.isComplete = total === null
      ? length === 0 && input.eof
      : this.#read === total;
    return length === 0 ? null : input.take(length);
  }
}

/**
 * Asks for more of a body.
 *
 * @throws {HttpError} If the input has ended.
 */
export function askForBody(input: Input, body: BodyReader): WantsRead {
  if (!input.eof) return WANTS_READ;
  throw cannotRead(
    "UnexpectedEof",
    "response body",
    `the connection ended ${body.position}`,
  );
}
