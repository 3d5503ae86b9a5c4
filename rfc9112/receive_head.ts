/**
 * Reading one response head.
 *
 * @module
 */

import type { Err, HttpCoroutine, WantsRead } from "../coroutine.ts";
import type { Input } from "../core/input.ts";
import { askForInput, Machine, type Reader } from "../core/machine.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import { HeadReader } from "./_head.ts";
import { type HttpLimits, resolveLimits } from "./limits.ts";

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
   * @param limits How much the peer may send; `maxHeadBytes` counts here.
   * @throws {RangeError} If a limit is not a whole number from 0 on.
   */
  constructor(limits?: Partial<HttpLimits>) {
    const { maxHeadBytes } = resolveLimits(limits);
    this.#machine = new Machine(new WholeHeadReader(maxHeadBytes));
  }

  /**
   * Takes one step.
   *
   * @param bytes What was just read, an empty array at end of file, or nothing.
   * @returns What is wanted next, the head, or what is wrong with it.
   */
  resume(bytes?: Uint8Array): Http11ReceiveHeadResult {
    return this.#machine.resume(bytes);
  }
}

class WholeHeadReader implements Reader<Http11ReceiveHeadResult> {
  readonly #head: HeadReader;

  constructor(maxHeadBytes: number) {
    this.#head = new HeadReader(maxHeadBytes);
  }

  step(input: Input): Http11ReceiveHeadResult {
    const response = this.#head.read(input);
    if (response === null) return askForInput(input, "response head");
    return { type: "Ok", response, remaining: input.takeRest() };
  }
}
