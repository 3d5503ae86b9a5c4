// Reads a response the plain way, with patterns over the whole text and under no
// limits: slow and short, to compare with (RFC 9112 §4 to §7, RFC 9110 §15).

import type { HttpCloseReason, HttpErrorCode, HttpFraming } from "../../mod.ts";

type Fields = [name: string, value: string][];

/** The facts of a request that its response depends on. */
export interface PlainRequest {
  readonly method: string;
  readonly asksToUpgrade: boolean;
  readonly asksToClose: boolean;
}

/** The parts of a response that have arrived. */
export interface PlainResponse {
  interims: number[];
  head?: { version: string; status: number; reason: string; headers: Fields };
  framing?: HttpFraming;
  body?: string;
  trailers?: Fields;
  remaining?: string;
  closeReason?: HttpCloseReason | null;
  /** `WantsRead` if the text has no fault, and is not complete. */
  end: HttpErrorCode | "WantsRead" | "Ok";
}

const MAX_INTERIMS = 32;
const STATUS_LINE =
  /^HTTP\/1\.([0-9]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?\r?$/;
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)\r?$/;
const FOLD = /^[ \t]([\t\x20-\x7e\x80-\xff]*)\r?$/;
const START = /^(?:H(?:T(?:T(?:P(?:\/(?:1(?:\.[^]*)?)?)?)?)?)?)?$/;

/** Ends the reading, with a fault or at the end of the text. */
class End {
  readonly why: HttpErrorCode | "More";

  constructor(why: HttpErrorCode | "More") {
    this.why = why;
  }
}

/** Reads one response with all its interim ones. */
export function readResponse(
  text: string,
  request: PlainRequest,
  eof: boolean,
): PlainResponse {
  const found: PlainResponse = { interims: [], end: "Ok" };
  try {
    const rest = readHeads(text, request, found);
    readBody(rest, found, eof);
    if (found.remaining) found.closeReason ??= "UnexpectedBytes";
  } catch (error) {
    if (!(error instanceof End)) throw error;
    const atEof = text === "" ? "NoResponse" : "UnexpectedEof";
    const more = eof ? atEof : "WantsRead";
    found.end = error.why === "More" ? more : error.why;
  }
  return found;
}

function readHeads(
  text: string,
  request: PlainRequest,
  found: PlainResponse,
): string {
  let rest = text;
  while (true) {
    const head = readHead(rest);
    const { status } = head;
    rest = head.rest;
    if (status >= 200 || status === 101) {
      if (status === 101 && !request.asksToUpgrade) {
        throw new End("UnexpectedUpgrade");
      }
      const { version, reason, headers } = head;
      const framing = framingOf(request.method, version, status, headers);
      found.head = { version, status, reason, headers };
      found.framing = framing.framing;
      found.closeReason = closeReasonOf(request, found.head, framing);
      return rest;
    }
    if (found.interims.length === MAX_INTERIMS) {
      throw new End("TooManyInterimResponses");
    }
    found.interims.push(status);
  }
}

function readHead(text: string) {
  const start = text.replace(/^(?:\r?\n)+/, "");
  const lineFeed = start.indexOf("\n");
  if (/^\r[^\n]/.test(start)) throw new End("InvalidStatusLine");
  const line = start.slice(0, lineFeed < 0 ? undefined : lineFeed);
  if (!START.test(line.slice(0, 7)) && start !== "\r") {
    throw new End("InvalidStatusLine");
  }
  if (lineFeed < 0) throw new End("More");
  const [, minor, status, reason = ""] = STATUS_LINE.exec(line) ?? [];
  if (status === undefined) throw new End("InvalidStatusLine");
  const { fields, rest } = readFields(
    start.slice(lineFeed + 1),
    "InvalidHeader",
  );
  const version = minor === "0" ? "HTTP/1.0" : "HTTP/1.1";
  return { version, status: Number(status), reason, headers: fields, rest };
}

function readFields(text: string, invalid: HttpErrorCode) {
  const fields: Fields = [];
  let rest = text;
  while (true) {
    const lineFeed = rest.indexOf("\n");
    if (lineFeed < 0) throw new End("More");
    const line = rest.slice(0, lineFeed);
    rest = rest.slice(lineFeed + 1);
    if (line === "" || line === "\r") return { fields, rest };
    const [, name, value] = FIELD.exec(line) ?? [];
    const [, fold] = FOLD.exec(line) ?? [];
    const last = fields.at(-1);
    if (name !== undefined) fields.push([name, trim(value!)]);
    else if (fold !== undefined && last !== undefined) {
      last[1] = trim(`${last[1]} ${trim(fold)}`);
    } else throw new End(invalid);
  }
}

function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

/** The elements of a list over all field lines of a name, `null` for no line. */
function listOf(headers: Fields, name: string): string[] | null {
  const values = headers.filter(([other]) => other.toLowerCase() === name);
  return values.length === 0
    ? null
    : values.map(([, value]) => value).join(",").split(",").map(trim);
}

interface Framed {
  readonly framing: HttpFraming;
  readonly ambiguous: boolean;
}

function framingOf(
  method: string,
  version: string,
  status: number,
  headers: Fields,
): Framed {
  if (status === 101 || (method === "CONNECT" && status < 300)) {
    return { framing: { kind: "tunnel" }, ambiguous: false };
  }
  if (method === "HEAD" || status === 204 || status === 304) {
    return { framing: { kind: "none" }, ambiguous: false };
  }
  const lengths = listOf(headers, "content-length");
  const codings = listOf(headers, "transfer-encoding")
    ?.filter((coding) => coding !== "")
    .map((coding) => coding.toLowerCase()) ?? null;
  if (codings?.length === 0 || codings?.slice(0, -1).includes("chunked")) {
    throw new End("InvalidTransferEncoding");
  }
  const [coding, ...others] = codings ?? ["identity"];
  if (others.length > 0 || !["chunked", "identity"].includes(coding!)) {
    throw new End("UnsupportedTransferCoding");
  }
  if (coding === "chunked") {
    const ambiguous = lengths !== null || version === "HTTP/1.0";
    return { framing: { kind: "chunked" }, ambiguous };
  }
  const ambiguous = codings !== null;
  if (lengths === null) return { framing: { kind: "close" }, ambiguous };
  const numbers = lengths.map((text) => /^[0-9]+$/.test(text) && BigInt(text));
  const [length] = numbers;
  const isOne = numbers.every((number) => number === length);
  if (!isOne || length === false || length! >= 2n ** 53n) {
    throw new End("InvalidContentLength");
  }
  return { framing: { kind: "length", length: Number(length) }, ambiguous };
}

function closeReasonOf(
  request: PlainRequest,
  { version, headers }: NonNullable<PlainResponse["head"]>,
  { framing, ambiguous }: Framed,
): HttpCloseReason | null {
  const options = listOf(headers, "connection")
    ?.map((option) => option.toLowerCase()) ?? [];
  if (framing.kind === "tunnel") return "Upgraded";
  if (framing.kind === "close") return "ReadToClose";
  if (ambiguous) return "AmbiguousFraming";
  if (options.includes("close")) return "ResponseClose";
  if (request.asksToClose) return "RequestClose";
  const persists = version === "HTTP/1.1" || options.includes("keep-alive");
  return persists ? null : "Http10";
}

function readBody(text: string, found: PlainResponse, eof: boolean): void {
  const { framing } = found;
  found.body = "";
  found.trailers = [];
  if (framing?.kind === "chunked") {
    found.remaining = readChunks(text, found);
  } else if (framing?.kind === "close") {
    found.body = text;
    found.remaining = "";
    if (!eof) throw new End("More");
  } else {
    const length = framing?.kind === "length" ? framing.length : 0;
    found.body = text.slice(0, length);
    if (text.length < length) throw new End("More");
    found.remaining = text.slice(length);
  }
}

function readChunks(text: string, found: PlainResponse): string {
  let rest = text;
  while (true) {
    const [digits] = /^[0-9a-fA-F]*/.exec(rest)!;
    if (digits.length > 16 || BigInt(`0x0${digits}`) >= 2n ** 53n) {
      throw new End("InvalidChunkSize");
    }
    if (digits === "" && rest !== "") throw new End("InvalidChunkSize");
    rest = skipSizeLine(rest.slice(digits.length));
    const size = parseInt(digits, 16);
    if (size === 0) {
      const { fields, rest: after } = readFields(rest, "InvalidTrailer");
      found.trailers = fields;
      return after;
    }
    found.body += rest.slice(0, size);
    rest = rest.slice(size);
    if (/^(?!\r)[^]|^\r[^\n]/.test(rest)) {
      throw new End("InvalidChunkTerminator");
    }
    if (!rest.startsWith("\r\n")) throw new End("More");
    rest = rest.slice(2);
  }
}

/** Skips the rest of the line after the digits. */
function skipSizeLine(text: string): string {
  const [blanks] = /^[ \t]*/.exec(text)!;
  const rest = text.slice(blanks.length);
  const [extension] = /^(?:;[\t\x20-\x7e\x80-\xff]*)?/.exec(rest)!;
  const end = rest.slice(extension.length);
  if (end.startsWith("\r\n")) return end.slice(2);
  if (end === "" || end === "\r") throw new End("More");
  if (extension !== "") throw new End("InvalidChunkExtension");
  throw new End(
    /^[\r\n]/.test(end) ? "InvalidChunkTerminator" : "InvalidChunkSize",
  );
}
