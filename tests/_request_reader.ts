// Reads the output of the encoders in a plain way: the whole message is at hand, and
// any deviation from RFC 9112 is an error.

import { toText } from "./_text.ts";

type Fields = [name: string, value: string][];

/** The input after a head. */
interface ReadBody {
  readonly body: string;
  readonly trailers: Fields;
  /** The input after the request. */
  readonly remaining: string;
}

/** A request as it is on the wire, with bytes as strings of one char each. */
export interface ReadRequest extends ReadBody {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: Fields;
}

/** Reads one request. */
export function readRequest(wire: Uint8Array): ReadRequest {
  const [line, ...parts] = /^(.*?)\r\n(.*)$/s.exec(toText(wire))!.slice(1);
  const [, method, target, version] =
    /^([^ \r\n\0]+) ([^ \r\n\0]+) (HTTP\/1\.[01])$/.exec(line!) ??
      fail("request line", line);
  const [headers, rest] = takeFields(parts[0]!);
  const body = takeBody(headers, rest);
  return {
    method: method!,
    target: target!,
    version: version!,
    headers,
    ...body,
  };
}

/** Reads one chunked body, from the size of its first chunk on. */
export function readChunked(text: string): ReadBody {
  const [line, digits] = /^([0-9a-f]+)\r\n/.exec(text) ?? fail("size", text);
  const rest = text.slice(line.length);
  const size = parseInt(digits!, 16);
  if (size === 0) {
    const [trailers, remaining] = takeFields(rest);
    return { body: "", trailers, remaining };
  }
  if (rest.slice(size, size + 2) !== "\r\n") fail("end of a chunk", rest);
  const others = readChunked(rest.slice(size + 2));
  return { ...others, body: rest.slice(0, size) + others.body };
}

function takeBody(headers: Fields, rest: string): ReadBody {
  const framing = headers.filter(([name]) =>
    /^(transfer-encoding|content-length)$/i.test(name)
  );
  if (framing.length > 1) fail("framing", framing.join());
  const [name = "", value = "0"] = framing[0] ?? [];
  if (/^t/i.test(name)) {
    return /^chunked$/i.test(value) ? readChunked(rest) : fail("coding", value);
  }
  const length = Number(value);
  if (!(rest.length >= length)) fail("whole body", rest);
  const [body, remaining] = [rest.slice(0, length), rest.slice(length)];
  return { body, trailers: [], remaining };
}

function takeFields(text: string): [fields: Fields, rest: string] {
  // No line contains CR, LF, or NUL.
  const line = /([^\s:]+): ?([^\r\n\0]*)\r\n/y;
  const fields: Fields = [];
  let end = 0;
  for (let match; (match = line.exec(text)) !== null; end = line.lastIndex) {
    fields.push([match[1]!, match[2]!]);
  }
  if (!text.startsWith("\r\n", end)) fail("field line", text.slice(end));
  return [fields, text.slice(end + 2)];
}

function fail(what: string, text: string | undefined): never {
  throw new Error(`Not a ${what}: ${text}`);
}
