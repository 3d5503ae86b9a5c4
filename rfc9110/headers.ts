/**
 * Header fields (RFC 9110 §5 and §6.3), kept as they are on the wire.
 *
 * @module
 */

import { quote } from "../core/quote.ts";
import { INSPECT, inspectAs, isSensitive, REDACTED } from "./_redact.ts";
import {
  equalsIgnoringCase,
  isFieldText,
  isToken,
  trimBlanks,
} from "./_syntax.ts";

/**
 * What {@linkcode HttpHeaders} can be made from: pairs of name and value, a
 * record, the platform's `Headers`, or other `HttpHeaders`.
 */
export type HttpHeadersInit =
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string>>;

let makeFromWire: (names: string[], values: string[]) => HttpHeaders;
let makeLines: (headers: HttpHeaders) => string;

/**
 * Field lines in their order, with their case and their duplicates, as they
 * were read or as they will be written. Look-ups ignore case.
 *
 * Values are byte strings: each char is one byte, as in the platform's
 * `Headers`. Inspecting or serialising them shows `[redacted]` in place of
 * credentials and cookies.
 *
 * @example Order, case and duplicates are kept
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpHeaders } from "@pimalaya/io-http/rfc9110";
 *
 * const headers = new HttpHeaders([["Accept", "text/html"], ["X-Id", "1"]]);
 * headers.append("accept", "*\/*");
 *
 * assertEquals(headers.get("ACCEPT"), "text/html, *\/*");
 * assertEquals([...headers], [
 *   ["Accept", "text/html"],
 *   ["X-Id", "1"],
 *   ["accept", "*\/*"],
 * ]);
 * ```
 */
export class HttpHeaders implements Iterable<[name: string, value: string]> {
  #names: string[] = [];
  #values: string[] = [];

  static {
    makeFromWire = (names, values) => {
      const headers = new HttpHeaders();
      headers.#names = names;
      headers.#values = values;
      return headers;
    };
    makeLines = (headers) => {
      const names = headers.#names;
      const values = headers.#values;
      let lines = "";
      for (let i = 0; i < names.length; i++) {
        lines += `${names[i]}: ${values[i]}\r\n`;
      }
      return lines;
    };
  }

  /**
   * Makes headers from others, or empty ones.
   *
   * @param init The fields to start with.
   * @throws {TypeError} If a name is not a token or a value is not a field value.
   */
  constructor(init?: HttpHeadersInit) {
    if (init === undefined) return;
    if (init instanceof HttpHeaders) {
      this.#names = init.#names.slice();
      this.#values = init.#values.slice();
      return;
    }
    const pairs = isIterable(init) ? init : Object.entries(init);
    for (const [name, value] of pairs) this.append(name, value);
  }

  /** How many field lines there are. */
  get size(): number {
    return this.#names.length;
  }

  /**
   * Returns all values of a field joined with `", "`, as `Headers` does.
   *
   * @param name The field name, in any case.
   * @returns The joined values, or `null` where there is no such field.
   */
  get(name: string): string | null {
    let joined: string | null = null;
    let at = this.#find(name, 0);
    while (at >= 0) {
      const value = this.#values[at]!;
      joined = joined === null ? value : `${joined}, ${value}`;
      at = this.#find(name, at + 1);
    }
    return joined;
  }

  /**
   * Returns the value of each field line of that name, in order.
   *
   * @param name The field name, in any case.
   * @returns The values, none where there is no such field.
   */
  getAll(name: string): string[] {
    const values: string[] = [];
    let at = this.#find(name, 0);
    while (at >= 0) {
      values.push(this.#values[at]!);
      at = this.#find(name, at + 1);
    }
    return values;
  }

  /**
   * Tells whether there is a field line of that name.
   *
   * @param name The field name, in any case.
   * @returns Whether there is one.
   */
  has(name: string): boolean {
    return this.#find(name, 0) >= 0;
  }

  /**
   * Adds a field line at the end.
   *
   * @param name The field name, a token; its case is kept.
   * @param value The field value, without SP and HTAB at its ends.
   * @throws {TypeError} If the name is not a token, or the value holds a control
   * character other than HTAB or a char above 0xFF.
   */
  append(name: string, value: string): void {
    const trimmed = checkField(name, value);
    this.#names.push(name);
    this.#values.push(trimmed);
  }

  /**
   * Puts one field line in place of all of that name: where the first one
   * was, or at the end where there was none.
   *
   * @param name The field name, a token; its case is kept.
   * @param value The field value, without SP and HTAB at its ends.
   * @throws {TypeError} If the name is not a token, or the value holds a control
   * character other than HTAB or a char above 0xFF.
   */
  set(name: string, value: string): void {
    const trimmed = checkField(name, value);
    const first = this.#find(name, 0);
    if (first < 0) {
      this.#names.push(name);
      this.#values.push(trimmed);
      return;
    }
    this.#names[first] = name;
    this.#values[first] = trimmed;
    this.#remove(name, first + 1);
  }

  /**
   * Removes all field lines of that name.
   *
   * @param name The field name, in any case.
   */
  delete(name: string): void {
    this.#remove(name, 0);
  }

  /**
   * Copies the fields into the platform's `Headers`, which lowercases names and
   * sorts them.
   *
   * @returns New `Headers`.
   */
  toHeaders(): Headers {
    const headers = new Headers();
    for (const [name, value] of this) headers.append(name, value);
    return headers;
  }

  /**
   * Iterates over the field lines in order, as they are now.
   *
   * @returns An iterator of pairs of name and value.
   */
  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    const pairs = this.#names.map((name, i): [string, string] => [
      name,
      this.#values[i]!,
    ]);
    return pairs.values();
  }

  /**
   * Returns the field lines for `JSON.stringify`, sensitive values redacted.
   *
   * @returns Pairs of name and value.
   */
  toJSON(): [name: string, value: string][] {
    return [...this].map(([name, value]) => [
      name,
      isSensitive(name) ? REDACTED : value,
    ]);
  }

  /**
   * Shows the field lines in `console.log`, sensitive values redacted.
   *
   * @param _depth How deep the value stands in what is inspected.
   * @param options The inspection's options.
   * @param inspect The runtime's own inspection.
   * @returns The text to show.
   */
  [INSPECT](
    _depth: unknown,
    options: unknown,
    inspect?: (value: unknown, options: unknown) => string,
  ): unknown {
    return inspectAs("HttpHeaders", this.toJSON(), options, inspect);
  }

  #find(name: string, from: number): number {
    const names = this.#names;
    for (let i = from; i < names.length; i++) {
      const candidate = names[i]!;
      // Most are told apart by their length, without a call.
      if (
        candidate.length === name.length && equalsIgnoringCase(candidate, name)
      ) return i;
    }
    return -1;
  }

  #remove(name: string, from: number): void {
    let kept = from;
    for (let i = from; i < this.#names.length; i++) {
      if (equalsIgnoringCase(this.#names[i]!, name)) continue;
      this.#names[kept] = this.#names[i]!;
      this.#values[kept] = this.#values[i]!;
      kept++;
    }
    this.#names.length = kept;
    this.#values.length = kept;
  }
}

/**
 * Makes headers from arrays that a parser has validated already, and gives up
 * to them.
 */
export function headersFromWire(
  names: string[],
  values: string[],
): HttpHeaders {
  return makeFromWire(names, values);
}

/** Writes field lines as a byte string, each with its CRLF. */
export function encodeFieldLines(headers: HttpHeaders): string {
  return makeLines(headers);
}

function checkField(name: string, value: string): string {
  if (!isToken(name)) {
    throw new TypeError(`Invalid field name: ${quote(name)} is not a token`);
  }
  // The value is not shown: it may be a credential.
  if (typeof value !== "string" || !isFieldText(value)) {
    throw new TypeError(
      `Invalid value of field ${quote(name)}: it is no string, or holds a ` +
        `control character or a char above 0xFF`,
    );
  }
  return trimBlanks(value);
}

function isIterable(
  init: HttpHeadersInit,
): init is Iterable<readonly [string, string]> {
  return Symbol.iterator in init;
}
