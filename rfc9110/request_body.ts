/**
 * Bodies of requests.
 *
 * @module
 */

import { isArrayBuffer, isBytes, toPlainBytes } from "../core/bytes.ts";
import { invalid, quote } from "../core/quote.ts";
import { forEachEntry } from "./_entries.ts";
import { Secret } from "./secret.ts";

/** A value of an {@linkcode HttpFormInit}. */
export type HttpFormValue = string | number | boolean;

/**
 * The sources of a form: a record, pairs, or `URLSearchParams`.
 *
 * In a record, an array gives one pair per element, and `undefined` none.
 */
export type HttpFormInit =
  | Iterable<readonly [name: string, value: HttpFormValue]>
  | Readonly<
    Record<string, HttpFormValue | readonly HttpFormValue[] | undefined>
  >
  | URLSearchParams;

/** The sources of a request's body. At most one may be given. */
export interface HttpRequestBodyInit {
  /**
   * The body. A string is encoded as UTF-8. Bytes are not copied, unless their
   * memory is shared.
   *
   * @default {an empty body}
   */
  body?: Uint8Array | ArrayBuffer | string | undefined;
  /**
   * A value to send as JSON. Sets `Content-Type` to `application/json` unless
   * it is given.
   *
   * @default {undefined}
   */
  json?: unknown;
  /**
   * A form to send URL-encoded. Sets `Content-Type` to
   * `application/x-www-form-urlencoded` unless it is given.
   *
   * @default {undefined}
   */
  form?: HttpFormInit | undefined;
}

/** A body and the `Content-Type` that it implies. */
export interface EncodedBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The media type, or `null` if only the caller knows it. */
  readonly contentType: string | null;
}

const encoder = /* @__PURE__ */ new TextEncoder();

/**
 * Encodes the body of a request. Returns `null` if there is none.
 *
 * @throws {TypeError} If there is more than one, or if it is invalid.
 */
export function encodeBody(init: HttpRequestBodyInit): EncodedBody | null {
  const { body, json, form } = init;
  const given = [body, json, form].filter((source) => source !== undefined);
  if (given.length > 1) {
    throw invalid("request", "it has more than one of body, json, and form");
  }
  if (body !== undefined) {
    return { bytes: encodeBytes(body), contentType: null };
  }
  if (json !== undefined) {
    return { bytes: encodeJson(json), contentType: "application/json" };
  }
  return form === undefined ? null : {
    bytes: encodeForm(form),
    contentType: "application/x-www-form-urlencoded",
  };
}

function encodeBytes(body: unknown): Uint8Array<ArrayBuffer> {
  if (typeof body === "string") return encoder.encode(body);
  if (isBytes(body)) return toPlainBytes(body);
  if (isArrayBuffer(body)) return new Uint8Array(body);
  throw invalid(
    "body",
    "it is neither a Uint8Array, an ArrayBuffer, nor a string",
  );
}

function encodeJson(json: unknown): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify(json, rejectSecret) as string | undefined;
  if (text !== undefined) return encoder.encode(text);
  throw invalid("json", "it has no JSON form");
}

/** Stops `JSON.stringify` from writing `[redacted]`. */
function rejectSecret(this: unknown, key: string, value: unknown): unknown {
  // `toJSON` has replaced `value` already, but not in its holder.
  if ((this as Record<string, unknown>)[key] instanceof Secret) {
    throw secretIn("json");
  }
  return value;
}

function encodeForm(form: HttpFormInit): Uint8Array<ArrayBuffer> {
  const params = new URLSearchParams();
  forEachEntry(form, "form", (name, value) => {
    if (value instanceof Secret) throw secretIn("form");
    if (!["string", "number", "boolean"].includes(typeof value)) {
      throw invalid(
        "form",
        `the value of ${quote(name)} is neither a string, a number, nor a ` +
          "boolean",
      );
    }
    params.append(name, String(value));
  });
  return encoder.encode(params.toString());
}

function secretIn(source: string): TypeError {
  return invalid(source, "call expose() on the Secret in it");
}
