// Reads what the encoders write, the plain way: the whole message is at hand,
// and what is not exactly as RFC 9112 has it is an error.

import { toText } from "./_text.ts";

/** A request as it stands on the wire, bytes as strings of one char each. */
export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [name: string, value: string])[];
  /** What came after the request. */
  readonly remaining: string;
}

/** Reads one request. */
export function readRequest(wire: Uint8Array): ReadRequest {
  const text = toText(wire);
  const [line, afterLine] = takeLine(text);
  const [method, target, version, ...more] = line.split(" ");
  if (version === undefined || more.length > 0) {
    throw new Error(`Not a request line: ${line}`);
  }
  const [headers, rest] = takeFields(afterLine);
  const body = takeBody(headers, rest);
  return { method: method!, target: target!, version, headers, ...body };
}

type Fields = [name: string, value: string][];
type Body = Pick<ReadRequest, "body" | "trailers" | "remaining">;

/** Reads one chunked body, from the size of its first chunk on. */
export function readChunked(text: string): Body {
  let body = "";
  let rest = text;
  while (true) {
    const [line, afterLine] = takeLine(rest);
    if (!/^[0-9a-f]+$/.test(line)) throw new Error(`Not a chunk size: ${line}`);
    const size = parseInt(line, 16);
    if (size === 0) {
      const [trailers, remaining] = takeFields(afterLine);
      return { body, trailers, remaining };
    }
    if (afterLine.slice(size, size + 2) !== "\r\n") {
      throw new Error("No line end after a chunk");
    }
    body += afterLine.slice(0, size);
    rest = afterLine.slice(size + 2);
  }
}

function takeBody(headers: Fields, rest: string): Body {
  const get = (name: string) =>
    headers.filter(([other]) => other.toLowerCase() === name);
  const codings = get("transfer-encoding");
  const lengths = get("content-length");
  if (codings.length + lengths.length > 1) throw new Error("Framed twice");
  if (codings.length === 1) {
    if (codings[0]![1].toLowerCase() !== "chunked") {
      throw new Error(`Not a transfer coding: ${codings[0]![1]}`);
    }
    return readChunked(rest);
  }
  const length = Number(lengths[0]?.[1] ?? 0);
  if (!(rest.length >= length)) throw new Error("The body is cut short");
  return {
    body: rest.slice(0, length),
    trailers: [],
    remaining: rest.slice(length),
  };
}

function takeFields(text: string): [fields: Fields, rest: string] {
  const fields: Fields = [];
  let [line, rest] = takeLine(text);
  while (line !== "") {
    const parts = /^([^\s:]+): ?(.*)$/s.exec(line);
    if (parts === null) throw new Error(`Not a field line: ${line}`);
    fields.push([parts[1]!, parts[2]!]);
    [line, rest] = takeLine(rest);
  }
  return [fields, rest];
}

function takeLine(text: string): [line: string, rest: string] {
  const end = text.indexOf("\r\n");
  if (end < 0) throw new Error("A line has no end");
  const line = text.slice(0, end);
  if (/[\r\n\0]/.test(line)) throw new Error(`A line is torn: ${line}`);
  return [line, text.slice(end + 2)];
}
