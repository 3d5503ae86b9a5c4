/**
 * Reading one response head.
 *
 * @module
 */

// The response head (RFC 9112 §2.1) is a status line and a field section:
//
//   Start ── status line ──> Fields ── empty line ──> the response
//     └─ CRLF or LF ──> Start
//
// Empty lines before the status line are left over from a body that was longer
// than stated. They are skipped (RFC 9112 §2.2) and counted. End of file before
// the end of the head is an error.

import { cannotRead } from "../core/fault.ts";
import type { Input } from "../core/input.ts";
import { Machine, WANTS_READ } from "../core/machine.ts";
import { quoteBytes } from "../core/quote.ts";
import type { Err, HttpCoroutine, WantsRead } from "../coroutine.ts";
import { CR, LF } from "../rfc9110/_syntax.ts";
import { HttpResponse } from "../rfc9110/response.ts";
import { FieldSectionReader } from "./_field_section.ts";
import {
  checkPrefix,
  invalidStatusLine,
  readStatusLine,
  REASON_START,
  type StatusLine,
} from "./_status_line.ts";
import {
  type HttpReceiveOptions,
  type ReceiveSettings,
  resolveReceiveOptions,
} from "./limits.ts";

/** The steps of {@linkcode Http11ReceiveHead}. */
export type Http11ReceiveHeadResult =
  | WantsRead
  | Err
  | {
    /** Tells the steps apart. */
    readonly type: "Ok";
    /** The head; its body is empty. */
    readonly response: HttpResponse;
    /** The bytes that came after the head. */
    readonly remaining: Uint8Array<ArrayBuffer>;
  };

/**
 * Reads one response head, final or interim (RFC 9112 §2.1, §4, §5).
 *
 * @example Read a head
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Http11ReceiveHead } from "@pimalaya/io-http/rfc9112";
 *
 * const head = new Http11ReceiveHead();
 * const step = head.resume(
 *   new TextEncoder().encode("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nbody"),
 * );
 *
 * assertEquals(step.type, "Ok");
 * if (step.type === "Ok") {
 *   assertEquals(step.response.header("server"), "x");
 *   assertEquals(step.remaining.length, 4);
 * }
 * ```
 */
export class Http11ReceiveHead
  implements HttpCoroutine<Http11ReceiveHeadResult> {
  readonly #machine: Machine<Http11ReceiveHeadResult>;

  /**
   * Creates a reader of one head.
   *
   * @param options Limits and leniency. Of the limits, `maxHeadBytes` and
   * `maxHeaderFields` apply.
   * @throws {RangeError} If a limit is not a non-negative integer.
   * @throws {TypeError} If `lenient` names an unknown exception.
   */
  constructor(options?: HttpReceiveOptions) {
    const head = new HeadReader(resolveReceiveOptions(options));
    this.#machine = new Machine((input) => {
      const response = head.read(input);
      return response === null
        ? askForHead(input, true)
        : { type: "Ok", response, remaining: input.takeRest() };
    });
  }

  /**
   * Takes one step.
   *
   * @param bytes The bytes just read, `null` at end of file, or nothing.
   * @returns What is needed next, the head, or the fault.
   */
  resume(bytes?: Uint8Array | null): Http11ReceiveHeadResult {
    return this.#machine.resume(bytes);
  }
}

/** Reads one head, which it takes from the input once it is complete. */
export class HeadReader {
  readonly #section: FieldSectionReader;
  /** Where the status line starts, relative to the input's start. */
  #line = 0;
  #statusLine: StatusLine | null = null;

  constructor(settings: ReceiveSettings) {
    this.#section = new FieldSectionReader(true, settings);
  }

  /**
   * Reads on.
   *
   * @returns The response without its body, or `null` if more input is needed.
   * @throws {HttpError} If the head is invalid or too large.
   */
  read(input: Input): HttpResponse | null {
    const statusLine = this.#statusLine ??= this.#readStatusLine(input);
    if (statusLine === null || !this.#section.read(input)) return null;
    const window = this.#section.take(input);
    const { version, status, reasonEnd } = statusLine;
    window.moveTo(this.#line, this.#line + reasonEnd);
    return new HttpResponse({
      version,
      status,
      reason: window.text.slice(REASON_START, reasonEnd),
      headers: this.#section.makeHeaders(window),
    });
  }

  #readStatusLine(input: Input): StatusLine | null {
    while (true) {
      const { bytes } = input;
      const line = input.start + this.#line;
      const end = this.#section.windowEnd(input);
      checkStart(bytes, line, end);
      const lineFeed = this.#section.findLineFeed(input);
      if (lineFeed < 0) return null;
      if (bytes[line] !== CR && bytes[line] !== LF) {
        const statusLine = readStatusLine(bytes, line, lineFeed);
        this.#section.skipLine(input, lineFeed, statusLine.reasonBits);
        return statusLine;
      }
      this.#section.skipLine(input, lineFeed, 0);
      this.#line = lineFeed + 1 - input.start;
    }
  }
}

/**
 * Checks as much of the start of a line as has arrived: it is a status line, or
 * empty.
 *
 * @throws {HttpError} If the bytes can become neither.
 */
function checkStart(bytes: Uint8Array, line: number, end: number): void {
  if (line >= end || bytes[line] === LF) return;
  if (bytes[line] !== CR) {
    checkPrefix(bytes, line, end);
  } else if (line + 1 < end && bytes[line + 1] !== LF) {
    const quoted = quoteBytes(bytes, line, end);
    throw invalidStatusLine(quoted, "it starts with a bare CR");
  }
}

/**
 * Asks for more of a head.
 *
 * @param isFirst Whether no head came before it.
 * @throws {HttpError} If the input has ended.
 */
export function askForHead(input: Input, isFirst: boolean): WantsRead {
  if (!input.eof) return WANTS_READ;
  const length = input.end - input.start;
  if (isFirst && length === 0) {
    throw cannotRead(
      "NoResponse",
      "response",
      "the connection ended before its first byte",
    );
  }
  throw cannotRead(
    "UnexpectedEof",
    "response head",
    `the connection ended after ${length} bytes of it`,
  );
}
