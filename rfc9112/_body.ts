// The body after a head, by its framing. One reader for each kind, all of one
// shape: `read` hands on what is there, and `trailers` tells that the body is
// complete.
//
//   none, tunnel   complete at once
//   length         complete after so many bytes; end of file before is a fault
//   chunked        complete where the coding says; end of file before is a fault
//   close          complete at end of file

import type { Input } from "../core/input.ts";
import { HttpHeaders } from "../rfc9110/headers.ts";
import { ChunkReader } from "./_chunks.ts";
import type { HttpFraming } from "./framing.ts";
import type { HttpLimits } from "./limits.ts";

/** Reads a body to its end. */
export interface BodyReader {
  /** The trailer fields once the body is complete, else `null`. */
  readonly trailers: HttpHeaders | null;
  /** Takes the data that is there; `null` where there is none. */
  read(input: Input): Uint8Array<ArrayBuffer> | null;
}

/** Makes the reader of a body. */
export function makeBodyReader(
  framing: HttpFraming,
  limits: HttpLimits,
): BodyReader {
  switch (framing.kind) {
    case "none":
    case "tunnel":
      return new LengthReader(0);
    case "length":
      return new LengthReader(framing.length);
    case "chunked":
      return new ChunkReader(limits);
    case "close":
      return new CloseReader();
  }
}

class LengthReader implements BodyReader {
  #left: number;

  constructor(length: number) {
    this.#left = length;
  }

  get trailers(): HttpHeaders | null {
    return this.#left === 0 ? new HttpHeaders() : null;
  }

  read(input: Input): Uint8Array<ArrayBuffer> | null {
    const data = takeData(input, this.#left);
    if (data !== null) this.#left -= data.length;
    return data;
  }
}

class CloseReader implements BodyReader {
  #ended = false;

  get trailers(): HttpHeaders | null {
    return this.#ended ? new HttpHeaders() : null;
  }

  read(input: Input): Uint8Array<ArrayBuffer> | null {
    const data = takeData(input, Infinity);
    this.#ended = data === null && input.eof;
    return data;
  }
}

/** Takes up to `most` bytes of the input, as a view; `null` where none are. */
function takeData(input: Input, most: number): Uint8Array<ArrayBuffer> | null {
  const length = Math.min(most, input.end - input.start);
  return length === 0 ? null : input.take(length);
}
