/**
 * Values that must not end up in a log.
 *
 * @module
 */

import { INSPECT, REDACTED } from "../rfc9110/_redact.ts";

/**
 * A string that shows itself to nobody who does not ask for it: inspected,
 * printed or serialised it is `[redacted]`.
 *
 * It guards against accidents, such as a log line, and not against a debugger
 * or against code that runs beside it. The string is not wiped from memory.
 *
 * @example Log it, and use it
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Secret } from "@pimalaya/io-http/auth";
 *
 * const secret = new Secret("open sesame");
 *
 * assertEquals(`The password is ${secret}`, "The password is [redacted]");
 * assertEquals(JSON.stringify({ secret }), '{"secret":"[redacted]"}');
 * assertEquals(secret.expose(), "open sesame");
 * ```
 */
export class Secret {
  readonly #value: string;

  /**
   * Wraps a string.
   *
   * @param value The string to keep out of sight.
   */
  constructor(value: string) {
    this.#value = value;
  }

  /**
   * Returns the string itself.
   *
   * @returns What the secret was made from.
   */
  expose(): string {
    return this.#value;
  }

  /**
   * Returns what a template literal and a concatenation show.
   *
   * @returns `[redacted]`.
   */
  toString(): string {
    return REDACTED;
  }

  /**
   * Returns what `JSON.stringify` shows.
   *
   * @returns `[redacted]`.
   */
  toJSON(): string {
    return REDACTED;
  }

  /**
   * Returns what `console.log` shows in Deno, Node and Bun.
   *
   * @returns `[redacted]`.
   */
  [INSPECT](): string {
    return REDACTED;
  }
}
