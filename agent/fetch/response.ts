// A Response from a call. The constructor of Response knows no URL, no status
// above 599, and no headers that cannot be changed, so a subclass tells of them.

import { appendToPlatform, type HttpHeaders } from "../../rfc9110/headers.ts";
import { isNullBodyStatus } from "../../rfc9110/response.ts";

/**
 * Takes note of a stream that a body is read through.
 *
 * @param replaced The stream that it takes the place of, if any.
 */
export type HandOut = (
  stream: ReadableStream,
  replaced: ReadableStream | null,
) => void;

/** What a response tells besides its body. */
export interface FetchResponseInit {
  readonly url: string;
  readonly redirected: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly headers: HttpHeaders;
  /** Once it is aborted, the body cannot be read, even if all of it is here. */
  readonly signal: AbortSignal | null;
  /** Learns of each stream that the body is read through. */
  readonly source: { handOut: HandOut };
}

// What a longer string costs if someone asks for its bytes is more than it saves.
const MAX_TEXT = 16_384;
const BOM_START = 0xef;
const TEXT = /^text\/|\b(?:json|xml|javascript)\b/i;

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Copies a whole body for the constructor of Response: as a string if that stands
 * for exactly those bytes, which takes half the time to create and to read.
 */
export function bodyInit(
  bytes: Uint8Array,
  headers: HttpHeaders,
): string | Uint8Array<ArrayBuffer> {
  const mayBeText = bytes.length <= MAX_TEXT && bytes[0] !== BOM_START &&
    TEXT.test(headers.get("content-type") ?? "");
  try {
    if (mayBeText) return decoder.decode(bytes);
  } catch {
    // It is in another charset.
  }
  return new Uint8Array(bytes);
}

// What stands in for a status that a Response cannot hold (RFC 9110 §15).
const UNKNOWN_STATUS = 500;

/** A Response that knows where it comes from. */
export class FetchResponse extends Response {
  // Libraries tell a Response by this name.
  static override readonly name = "Response";

  readonly #init: FetchResponseInit;
  readonly #hasBody: boolean;
  #headers: Headers | null = null;

  constructor(body: BodyInit | null, init: FetchResponseInit) {
    const { status, statusText, headers } = init;
    const hasBody = body !== null && !isNullBodyStatus(status);
    super(hasBody ? body : null, {
      status: status > 599 ? UNKNOWN_STATUS : status,
      statusText,
    });
    // That of the constructor, which a string implies.
    if (typeof body === "string") super.headers.delete("content-type");
    // Twice as fast as passing `Headers`, which the constructor copies.
    appendToPlatform(headers, super.headers);
    this.#init = init;
    this.#hasBody = hasBody;
  }

  override get type(): ResponseType {
    return "basic";
  }

  override get url(): string {
    return this.#init.url;
  }

  override get redirected(): boolean {
    return this.#init.redirected;
  }

  override get status(): number {
    // Node's constructor of Response asks for it.
    return #init in this ? this.#init.status : super.status;
  }

  override get headers(): Headers {
    return this.#headers ??= Object.setPrototypeOf(
      super.headers,
      ImmutableHeaders.prototype,
    );
  }

  /** The same response with a body that was read from this one. */
  withBody(bytes: Uint8Array<ArrayBuffer>): FetchResponse {
    return new FetchResponse(this.#hasBody ? bytes : null, this.#init);
  }

  override clone(): FetchResponse {
    const { source } = this.#init;
    const whole = this.body;
    const clone = new FetchResponse(super.clone().body, this.#init);
    // The old stream is locked for good: each of the two has a new one.
    if (this.body !== null) source.handOut(this.body, whole);
    if (clone.body !== null) source.handOut(clone.body, null);
    return clone;
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#isAborted ? this.#rejectAborted() : super.arrayBuffer();
  }

  override blob(): Promise<Blob> {
    return this.#isAborted ? this.#rejectAborted() : super.blob();
  }

  override bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#isAborted ? this.#rejectAborted() : super.bytes();
  }

  override formData(): Promise<FormData> {
    return this.#isAborted ? this.#rejectAborted() : super.formData();
  }

  override json(): Promise<unknown> {
    return this.#isAborted ? this.#rejectAborted() : super.json();
  }

  override text(): Promise<string> {
    return this.#isAborted ? this.#rejectAborted() : super.text();
  }

  get #isAborted(): boolean {
    const { signal } = this.#init;
    return signal !== null && signal.aborted && this.#hasBody &&
      !this.bodyUsed;
  }

  #rejectAborted(): Promise<never> {
    return Promise.reject(this.#init.signal?.reason);
  }
}

/** Headers that cannot be changed, as those of the runtime's own `fetch`. */
class ImmutableHeaders extends Headers {
  static override readonly name = "Headers";

  override append(): void {
    throw immutable();
  }

  override delete(): void {
    throw immutable();
  }

  override set(): void {
    throw immutable();
  }
}

function immutable(): TypeError {
  return new TypeError("Cannot change the headers of a response");
}
