/**
 * Header fields (RFC 9110 §5 and §6.3), kept as they are on the wire.
 *
 * @module
 */

import { invalid, quote } from "../core/quote.ts";
import { forEachEntry } from "./_entries.ts";
import {
  isSensitive,
  makeInspectable,
  REDACTED,
  redactUserinfo,
} from "./_inspect.ts";
import {
  checkToken,
  equalsIgnoringCase,
  isFieldText,
  trimBlanks,
} from "./_syntax.ts";
import { exposeValue, findTextFault, Secret } from "./secret.ts";

/** A field value: a byte string, or a {@linkcode Secret} that hides one. */
export type HttpFieldValue = string | Secret;

/**
 * The sources of {@linkcode HttpHeaders}: pairs of a name and a value, a
 * record, other `HttpHeaders`, or anything that the platform's `Headers`
 * accepts.
 *
 * In a record, an array gives one field line per element, and `undefined` none.
 */
export type HttpHeadersInit =
  | Iterable<readonly [name: string, value: HttpFieldValue]>
  | Readonly<
    Record<string, HttpFieldValue | readonly HttpFieldValue[] | undefined>
  >
  | NonNullable<ConstructorParameters<typeof Headers>[0]>;

/**
 * Field lines in order, with their case and duplicates, as they were received
 * or will be sent. Lookups ignore case.
 *
 * Values are byte strings: each character is one byte, as in the platform's
 * `Headers`. To put other text into a value, see {@linkcode toByteString}.
 *
 * Inspecting or serializing headers shows `[redacted]` instead of credentials,
 * cookies, every {@linkcode Secret}, and the userinfo of URLs.
 *
 * @example Order, case, and duplicates are kept
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpHeaders } from "@pimalaya/io-http/rfc9110";
 *
 * const headers = new HttpHeaders([["Accept", "text/html"], ["X-Id", "1"]]);
 * headers.append("accept", "image/*");
 *
 * assertEquals(headers.get("ACCEPT"), "text/html, image/*");
 * assertEquals([...headers], [
 *   ["Accept", "text/html"],
 *   ["X-Id", "1"],
 *   ["accept", "image/*"],
 * ]);
 * ```
 */
export class HttpHeaders implements Iterable<[name: string, value: string]> {
  static readonly #inspectable = /* @__PURE__ */ makeInspectable(
    this,
    "HttpHeaders",
  );

  /** The name of each field line, followed by its value. */
  #lines: HttpFieldValue[] = [];

  /**
   * Copies fields.
   *
   * @param init The fields to start with. Defaults to none.
   * @throws {TypeError} If `init` is of another kind, or if a field is invalid
   * (see {@linkcode HttpHeaders.append}).
   */
  constructor(init?: HttpHeadersInit) {
    if (init === undefined) return;
    if (init instanceof HttpHeaders) {
      this.#lines = init.#lines.slice();
    } else {
      forEachEntry(init, "header", (name, value) => {
        this.append(name, value as HttpFieldValue);
      });
    }
  }

  /** The number of field lines. */
  get size(): number {
    return this.#lines.length / 2;
  }

  /**
   * Returns all values of a field joined with `", "`, as `Headers` does.
   *
   * @param name The field name, in any case.
   * @returns The joined values, or `null` if there is no such field.
   */
  get(name: string): string | null {
    let at = this.#find(name, 0);
    if (at < 0) return null;
    let joined = exposeValue(this.#lines[at + 1]!);
    while ((at = this.#find(name, at + 2)) >= 0) {
      joined += `, ${exposeValue(this.#lines[at + 1]!)}`;
    }
    return joined;
  }

  /**
   * Returns the value of each field line with a name, in order.
   *
   * @param name The field name, in any case.
   * @returns The values, which may be none.
   */
  getAll(name: string): string[] {
    const values: string[] = [];
    let at = -2;
    while ((at = this.#find(name, at + 2)) >= 0) {
      values.push(exposeValue(this.#lines[at + 1]!));
    }
    return values;
  }

  /**
   * Returns whether there is a field line with a name.
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
   * @param name The field name. Its case is kept.
   * @param value The field value. SP and HTAB at its ends are removed.
   * @throws {TypeError} If the name is not a token; if the value is neither a
   * string nor a `Secret`; if it contains a control character other than HTAB
   * or a character above 0xFF; or if it contains `[redacted]`, which comes from
   * a `Secret` that was converted to a string.
   */
  append(name: string, value: HttpFieldValue): void {
    this.#lines.push(name, checkField(name, value));
  }

  /**
   * Replaces all field lines with a name by one. It takes the position of the
   * first of them, or the end if there was none.
   *
   * @param name The field name. Its case is kept.
   * @param value The field value. SP and HTAB at its ends are removed.
   * @throws {TypeError} If the name or the value is invalid (see
   * {@linkcode HttpHeaders.append}).
   */
  set(name: string, value: HttpFieldValue): void {
    const checked = checkField(name, value);
    const first = this.#find(name, 0);
    if (first >= 0) this.#remove(name, first + 2);
    this.#lines.splice(
      first < 0 ? this.#lines.length : first,
      2,
      name,
      checked,
    );
  }

  /**
   * Removes all field lines with a name.
   *
   * @param name The field name, in any case.
   */
  delete(name: string): void {
    this.#remove(name, 0);
  }

  /**
   * Copies the fields into the platform's `Headers`, which lowercases and sorts
   * names.
   *
   * @returns New `Headers`.
   */
  toHeaders(): Headers {
    const headers = new Headers();
    appendToPlatform(this, headers);
    return headers;
  }

  /**
   * Iterates over the present field lines in order.
   *
   * @returns An iterator of pairs of a name and a value.
   */
  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.#pairs(exposeValue).values();
  }

  /**
   * Returns the field lines with sensitive values redacted.
   *
   * @returns Pairs of a name and a value.
   */
  toJSON(): [name: string, value: string][] {
    return this.#pairs((value, name) =>
      typeof value !== "string" || isSensitive(name)
        ? REDACTED
        : redactUserinfo(value)
    );
  }

  #pairs(
    show: (value: HttpFieldValue, name: string) => string,
  ): [name: string, value: string][] {
    const lines = this.#lines;
    const pairs = new Array<[string, string]>(this.size);
    for (let i = 0; i < pairs.length; i++) {
      const name = lines[2 * i] as string;
      pairs[i] = [name, show(lines[2 * i + 1]!, name)];
    }
    return pairs;
  }

  #find(name: string, from: number): number {
    const lines = this.#lines;
    for (let i = from; i < lines.length; i += 2) {
      if (isSameName(lines[i] as string, name)) return i;
    }
    return -1;
  }

  #remove(name: string, from: number): void {
    const lines = this.#lines;
    let kept = from;
    for (let i = from; i < lines.length; i += 2) {
      if (isSameName(lines[i] as string, name)) continue;
      lines[kept++] = lines[i]!;
      lines[kept++] = lines[i + 1]!;
    }
    lines.length = kept;
  }

  // For the functions below, which are for this package alone. A static block
  // that exported them would keep the class in every bundle.

  /** @internal */
  private lines(): HttpFieldValue[] {
    return this.#lines;
  }

  /** @internal */
  private static fromWire(lines: string[]): HttpHeaders {
    const headers = new HttpHeaders();
    headers.#lines = lines;
    return headers;
  }
}

/**
 * Builds headers from validated names, each followed by its value, taking
 * ownership of the array.
 */
export function headersFromWire(lines: string[]): HttpHeaders {
  return HttpHeaders["fromWire"](lines);
}

/** Encodes field lines as a byte string, each with its CRLF. */
export function encodeFieldLines(headers: HttpHeaders): string {
  const lines = headers["lines"]();
  let text = "";
  for (let i = 0; i < lines.length; i += 2) {
    text += `${lines[i]}: ${exposeValue(lines[i + 1]!)}\r\n`;
  }
  return text;
}

/** Appends the field lines to the platform's `Headers`. */
export function appendToPlatform(source: HttpHeaders, headers: Headers): void {
  const lines = source["lines"]();
  for (let i = 0; i < lines.length; i += 2) {
    headers.append(lines[i] as string, exposeValue(lines[i + 1]!));
  }
}

/** Decides whether a field line is copied. */
export type FieldFilter = (name: string, isSecret: boolean) => boolean;

/**
 * Appends the field lines of `source` that `keep` accepts to `target`. A
 * {@linkcode Secret} remains one.
 */
export function appendFields(
  target: HttpHeaders,
  source: HttpHeaders,
  keep: FieldFilter,
): void {
  const lines = source["lines"]();
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i] as string;
    const value = lines[i + 1]!;
    if (keep(name, value instanceof Secret)) {
      target["lines"]().push(name, value);
    }
  }
}

function isSameName(a: string, b: string): boolean {
  // Most differ in length, and most others not at all, which takes no call to
  // see. It is in a function, which is inlined: that saves 2 % of an exchange.
  return a.length === b.length && (a === b || equalsIgnoringCase(a, b));
}

/** Returns the value to keep. No message shows it: it may be a credential. */
function checkField(name: string, value: HttpFieldValue): HttpFieldValue {
  checkToken("field name", name);
  const text = exposeValue(value);
  const fault = findTextFault(text) ?? findValueFault(text);
  if (fault !== null) {
    throw invalid(`value of the field ${quote(name)}`, `it ${fault}`);
  }
  const trimmed = trimBlanks(text);
  if (trimmed === text) return value;
  return value instanceof Secret ? new Secret(trimmed) : trimmed;
}

function findValueFault(text: string): string | null {
  if (isFieldText(text)) return null;
  return /[\u0100-\uffff]/.test(text)
    ? "contains a character above 0xFF, so encode it with toByteString()"
    : "contains a control character";
}
