/**
 * Values that must not appear in logs.
 *
 * @module
 */

import { invalid } from "../core/quote.ts";
import { makeInspectable, REDACTED } from "./_inspect.ts";

/** Returns a value as it is, or the string in a {@linkcode Secret}. */
export function exposeValue<T>(value: T | Secret): T | string {
  // Nearly all are strings, which is faster to see.
  return typeof value !== "string" && value instanceof Secret
    ? value.expose()
    : value;
}

/**
 * Finds out why an exposed value is not the text that its caller meant.
 *
 * @returns The fault, for a message that must not show the value, or `null`.
 */
export function findTextFault(text: unknown): string | null {
  if (typeof text !== "string") return "is neither a string nor a Secret";
  return text.includes(REDACTED)
    ? `contains ${REDACTED}, so call expose() on the Secret in it`
    : null;
}

/**
 * A string that is hidden unless it is asked for: inspecting, printing, or
 * serializing it shows `[redacted]`.
 *
 * As a field value, it is sent in full, stays hidden when the headers are
 * inspected, and is not sent to another origin by `redirectRequest`.
 *
 * It guards against accidents such as a log line, not against a debugger or
 * other code in the process. The string is not wiped from memory.
 *
 * @example Log a secret, and use it
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpRequest, Secret } from "@pimalaya/io-http";
 *
 * const secret = new Secret("open sesame");
 *
 * assertEquals(`The password is ${secret}`, "The password is [redacted]");
 * assertEquals(JSON.stringify({ secret }), '{"secret":"[redacted]"}');
 * assertEquals(secret.expose(), "open sesame");
 *
 * const request = HttpRequest.get("https://example.com/").header("X-Key", secret);
 * assertEquals(request.headers.get("x-key"), "open sesame");
 * assertEquals(JSON.stringify(request.headers), '[["X-Key","[redacted]"]]');
 * ```
 */
export class Secret {
  static readonly #inspectable = /* @__PURE__ */ makeInspectable(
    this,
    "Secret",
  );

  readonly #value: string;

  /**
   * Wraps a string.
   *
   * @param value The string to hide.
   * @throws {TypeError} If it is not a string.
   */
  constructor(value: string) {
    if (typeof value !== "string") {
      throw invalid("secret", "it is not a string");
    }
    this.#value = value;
  }

  /**
   * Returns the string itself.
   *
   * @returns The hidden string.
   */
  expose(): string {
    return this.#value;
  }

  /** Returns `[redacted]`, also in a template literal. */
  toString(): string {
    return REDACTED;
  }

  /** Returns `[redacted]`. */
  toJSON(): string {
    return REDACTED;
  }
}
