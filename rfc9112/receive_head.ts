/**
 * Reading one response head.
 *
 * @module
 */

import type { Err, HttpCoroutine, WantsRead } from "../coroutine.ts";
import type { Input } from "../core/input.ts";
import { askForInput, Machine } from "../core/machine.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import { HeadReader } from "./_head.ts";
import { noResponse } from "./_receive.ts";
import { type HttpReceiveOptions, resolveLimits } from "./limits.ts";

/** The steps of {@linkcode Http11ReceiveHead}. */
export type Http11ReceiveHeadResult =
  | WantsRead
  | Err
  | {
    /** The step's name. */
    readonly type: "Ok";
    /** The head; its body is empty. */
    readonly response: HttpResponse;
    /** The bytes that came after the head. */
    readonly remaining: Uint8Array<ArrayBuffer>;
  };

/**
 * Reads one response head, be it an interim one (RFC 9112 §2.1, §4 and §5).
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
   * Starts before the head.
   *
   * @param options How much the peer may send; `maxHeadBytes` counts here.
   * @throws {RangeError} If a limit is not a whole number from 0 on.
   */
  constructor(options?: HttpReceiveOptions) {
    const head = new HeadReader(resolveLimits(options));
    this.#machine = new Machine((input) => readHead(head, input));
  }

  /**
   * Takes one step.
   *
   * @param bytes The bytes just read, `null` at end of file, or nothing.
   * @returns What is wanted next, the head, or what is wrong with it.
   */
  resume(bytes?: Uint8Array | null): Http11ReceiveHeadResult {
    return this.#machine.resume(bytes);
  }
}

function readHead(head: HeadReader, input: Input): Http11ReceiveHeadResult {
  const response = head.read(input);
  if (response === null) {
    if (input.eof && input.start === input.end) throw noResponse();
    return askForInput(input, "response head");
  }
  return { type: "Ok", response, remaining: input.takeRest() };
}
