// Parsers that do the same work: this package's, llhttp as WebAssembly, and
// http-parser-js. The peers keep one parser, as a connection does; ours makes a
// coroutine for each message, as it is meant to be used.

import { Buffer } from "node:buffer";
import { HTTPParser } from "http-parser-js";
import { Http11ReceiveChunks, Http11ReceiveHead } from "@pimalaya/io-http";
import { Llhttp } from "./_llhttp.ts";

/** Reads one response, and returns its reason, names and values in order. */
export interface HeadParser {
  readonly name: string;
  read(bytes: Uint8Array): string[];
}

/** Decodes one chunked body that comes in several reads; returns its length. */
export interface ChunkDecoder {
  readonly name: string;
  decode(reads: readonly Uint8Array[]): number;
}

const CHUNKED_HEAD = new TextEncoder().encode(
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
);

/** This package, with a new coroutine for each head. */
export function ourHeadParser(): HeadParser {
  return {
    name: "io-http",
    read(bytes) {
      const step = new Http11ReceiveHead().resume(bytes);
      if (step.type !== "Ok") throw new Error(`Expected Ok, got ${step.type}`);
      const strings = [step.response.reason];
      for (const [name, value] of step.response.headers) {
        strings.push(name, value);
      }
      return strings;
    },
  };
}

/** llhttp, each string read out of its memory as it is reported. */
export function llhttpHeadParser(): HeadParser {
  let strings: string[] = [];
  const parser = new Llhttp({
    onText: (start, end) => strings.push(memory.toString("latin1", start, end)),
    onBody: () => {},
  });
  const memory = Buffer.from(parser.memory.buffer);
  return {
    name: "llhttp WASM",
    read(bytes) {
      strings = [];
      parser.execute(bytes);
      return strings;
    },
  };
}

/**
 * llhttp with the cheapest way to read strings out that we know: only places
 * are noted, and all strings are slices of one.
 */
export function slicingLlhttpHeadParser(): HeadParser {
  let places: number[] = [];
  const parser = new Llhttp({
    onText: (start, end) => places.push(start, end),
    onBody: () => {},
  });
  const memory = Buffer.from(parser.memory.buffer);
  const { inputStart } = parser;
  return {
    name: "llhttp WASM, slices",
    read(bytes) {
      places = [];
      parser.execute(bytes);
      const text = memory.toString(
        "latin1",
        inputStart,
        inputStart + bytes.length,
      );
      const strings: string[] = [];
      for (let i = 0; i < places.length; i += 2) {
        strings.push(
          text.slice(places[i]! - inputStart, places[i + 1]! - inputStart),
        );
      }
      return strings;
    },
  };
}

/** http-parser-js, which makes the strings itself. */
export function jsHeadParser(): HeadParser {
  let strings: string[] = [];
  const parser = new HTTPParser(HTTPParser.RESPONSE);
  parser[HTTPParser.kOnHeadersComplete] = (info) => {
    strings = [info.statusMessage, ...info.headers];
  };
  return {
    name: "http-parser-js",
    read(bytes) {
      executeJs(parser, asBuffer(bytes));
      return strings;
    },
  };
}

/** This package; the data comes in one piece for each read. */
export function ourChunkDecoder(): ChunkDecoder {
  return {
    name: "io-http",
    decode(reads) {
      const chunks = new Http11ReceiveChunks();
      let length = 0;
      for (const read of reads) {
        let step = chunks.resume(read);
        while (step.type === "Data") {
          length += step.bytes.length;
          step = chunks.resume();
        }
        if (step.type === "Ok") return length;
        if (step.type === "Err") throw step.error;
      }
      throw new Error("The body did not end");
    },
  };
}

/** llhttp; each chunk's data is a view of the input, as undici takes it. */
export function llhttpChunkDecoder(): ChunkDecoder {
  let input = CHUNKED_HEAD;
  let length = 0;
  const parser = new Llhttp({
    onText: () => {},
    onBody(start, end) {
      const { inputStart } = parser;
      length += input.subarray(start - inputStart, end - inputStart).length;
    },
  });
  return {
    name: "llhttp WASM",
    decode(reads) {
      const { messages } = parser;
      length = 0;
      parser.execute(CHUNKED_HEAD);
      for (const read of reads) {
        input = read as Uint8Array<ArrayBuffer>;
        parser.execute(read);
      }
      if (parser.messages !== messages + 1) {
        throw new Error("The body did not end");
      }
      return length;
    },
  };
}

/** http-parser-js, which returns a view of the input for each chunk. */
export function jsChunkDecoder(): ChunkDecoder {
  let length = 0;
  let messages = 0;
  const parser = new HTTPParser(HTTPParser.RESPONSE);
  parser[HTTPParser.kOnBody] = (_bytes, _offset, size) => {
    length += size;
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    messages++;
  };
  return {
    name: "http-parser-js",
    decode(reads) {
      length = messages = 0;
      executeJs(parser, asBuffer(CHUNKED_HEAD));
      for (const read of reads) executeJs(parser, asBuffer(read));
      if (messages !== 1) throw new Error("The body did not end");
      return length;
    },
  };
}

function executeJs(parser: InstanceType<typeof HTTPParser>, bytes: Buffer) {
  const result = parser.execute(bytes);
  if (result !== bytes.length) throw result;
}

/** The same bytes as the kind of array that http-parser-js wants. */
function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
