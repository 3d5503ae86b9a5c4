// Readers of a body, one for each kind of framing. `read` returns the data that
// has arrived, and `trailers` says that the body is complete.
//
//   none, tunnel   complete at once
//   length         complete after this many bytes; end of file before is an error
//   chunked        complete after the last chunk; end of file before is an error
//   close          complete at end of file

import type { Input } from "../core/input.ts";
import { WANTS_READ } from "../core/machine.ts";
import type { WantsRead } from "../coroutine.ts";
import { HttpHeaders } from "../rfc9110/headers.ts";
import { cannotRead } from "./_fault.ts";

/** Reads a body to its end. */
export interface BodyReader {
  /** The trailer fields, or `null` if the body is not complete. */
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

/** Reads a body of known length. */
export class LengthReader implements BodyReader {
  readonly #length: number;
  #read = 0;

  constructor(length: number) {
    this.#length = length;
  }

  get trailers(): HttpHeaders | null {
    return this.#read === this.#length ? new HttpHeaders() : null;
  }

  get position(): string {
    return `after ${this.#read} of ${this.#length} bytes`;
  }

  read(input: Input): Uint8Array<ArrayBuffer> | null {
    const data = takeData(input, this.#length - this.#read);
    if (data !== null) this.#read += data.length;
    return data;
  }
}

/** Reads a body that ends when the connection closes. */
export class CloseReader implements BodyReader {
  #hasEnded = false;
  readonly position = "";

  get trailers(): HttpHeaders | null {
    return this.#hasEnded ? new HttpHeaders() : null;
  }

  read(input: Input): Uint8Array<ArrayBuffer> | null {
    const data = takeData(input, Infinity);
    this.#hasEnded = data === null && input.eof;
    return data;
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

/** Takes up to `most` bytes, as a view, or `null` if there are none. */
function takeData(
  input: Input,
  most: number,
): Uint8Array<ArrayBuffer> | null {
  const length = Math.min(most, input.end - input.start);
  return length === 0 ? null : input.take(length);
}
