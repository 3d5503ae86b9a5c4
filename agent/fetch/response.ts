// A Response from a call. The constructor of Response takes no URL, no status above
// 599, and no immutable headers, so a subclass adds them.

import { readableFrom } from "../../client/transport/byte_stream.ts";
import { isNode } from "../../client/transport/node_socket.ts";
import { appendToPlatform, type HttpHeaders } from "../../rfc9110/headers.ts";
import { isNullBodyStatus } from "../../rfc9110/response.ts";
import { normalizeMimeType } from "./data_url.ts";

type BodyStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * Registers a stream that a body is read through.
 *
 * @param replaced The stream that it replaces, if any.
 */
export type HandOut = (
  stream: ReadableStream,
  replaced: ReadableStream | null,
) => void;

/** Everything about a response except its body. */
export interface FetchResponseInit {
  readonly url: string;
  readonly redirected: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly headers: HttpHeaders;
  /** After an abort, the body cannot be read, even if it has arrived whole. */
  readonly signal: AbortSignal | null;
  /** Called with each stream that the body is read through. */
  readonly source: { handOut: HandOut };
}

// The substitute for a status that a Response cannot hold (RFC 9110 §15).
const UNKNOWN_STATUS = 500;

/** The text of a body that is read without the runtime. */
type OwnText =
  /** The runtime reads the body. */
  | { readonly kind: "none" }
  | { readonly kind: "unread"; readonly text: string }
  /** The runtime has not learned of it. */
  | { readonly kind: "read" };

const NONE: OwnText = { kind: "none" };
const READ: OwnText = { kind: "read" };

// Reading text through the runtime takes Node another 10 µs, and others 0.1 µs. They
// have servers that would send a body of which they did not learn that it was read.
const ownsText = isNode();

/**
 * Responses by their streams. When Node collects a Response that was cloned, or is a
 * clone, it cancels the stream unless somebody reads it, so each of them lives as long as
 * its stream.
 */
const owners = new WeakMap<ReadableStream, Response>();

/** A Response with the URL, status, and headers of its call. */
export class FetchResponse extends Response {
  // Libraries recognize a Response by this name.
  static override readonly name = "Response";

  readonly #init: FetchResponseInit;
  readonly #hasBody: boolean;
  #text: OwnText;
  #headers: Headers | null = null;
  /** Whether the body has arrived whole, so that an abort does not reach it. */
  readonly #isWhole: boolean;
  /** A Response with our own stream of the body, once asked for, if one is needed. */
  #streamed: Response | null = null;

  constructor(
    body: BodyInit | null,
    init: FetchResponseInit,
    isWhole: boolean = !(body instanceof ReadableStream),
  ) {
    const { status, statusText, headers } = init;
    const hasBody = body !== null && !isNullBodyStatus(status);
    super(hasBody ? body : null, {
      status: status > 599 ? UNKNOWN_STATUS : status,
      statusText,
    });
    // The constructor's own, which a string implies.
    if (typeof body === "string") super.headers.delete("content-type");
    // Twice as fast as passing `Headers`, which the constructor copies.
    appendToPlatform(headers, super.headers);
    this.#init = init;
    this.#hasBody = hasBody;
    this.#isWhole = isWhole;
    this.#text = ownsText && hasBody && typeof body === "string"
      ? { kind: "unread", text: body }
      : NONE;
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

  /** Creates the same response with a body that was read from this one. */
  withBody(bytes: Uint8Array<ArrayBuffer>): FetchResponse {
    return new FetchResponse(this.#hasBody ? bytes : null, this.#init);
  }

  override get body(): BodyStream | null {
    const body = super.body;
    if (body === null || !(#init in this)) return body;
    // Reads the runtime's body, too, so that its stream is in use.
    if (this.#isRead && !super.bodyUsed) super.text();
    this.#text = NONE;
    if (this.#streamed === null && !super.bodyUsed && this.#needsStream(body)) {
      const stream = toByteStream(() => super.body!, this.#init.signal);
      this.#streamed = new Response(stream, { headers: super.headers });
    }
    return this.#streamed === null ? body : this.#streamed.body;
  }

  /** Whether the runtime's stream does not do. */
  #needsStream(body: BodyStream): boolean {
    const { signal } = this.#init;
    return (this.#isWhole && signal !== null) || !isByteStream(body);
  }

  override get bodyUsed(): boolean {
    if (!(#init in this)) return super.bodyUsed;
    return this.#isRead || this.#streamed?.bodyUsed || super.bodyUsed;
  }

  override clone(): FetchResponse {
    if (this.#isRead) throw isRead("clone");
    const own = this.#text;
    if (own.kind === "unread" && !super.bodyUsed) {
      return new FetchResponse(own.text, this.#init);
    }
    const { source } = this.#init;
    if (this.#streamed !== null) {
      const twin = this.#streamed.clone();
      keep(this.#streamed.body, this.#streamed);
      keep(twin.body, twin);
      return new FetchResponse(twin.body, this.#init, this.#isWhole);
    }
    const whole = super.body;
    const twin = super.clone();
    const { body } = twin;
    keep(super.body, this);
    keep(body, twin);
    // The old stream is locked for good: each of the two has a new one.
    if (super.body !== null) source.handOut(super.body, whole);
    if (body !== null) source.handOut(body, null);
    return new FetchResponse(body, this.#init, this.#isWhole);
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#refuse() ?? this.#streamed?.arrayBuffer() ??
      super.arrayBuffer();
  }

  override blob(): Promise<Blob> {
    return this.#refuse() ??
      (this.#streamed?.blob() ?? super.blob()).then((blob) => {
        if (blob.type !== "") return blob;
        // In Bun, the Blob of a stream has none.
        const type = normalizeMimeType(super.headers.get("content-type") ?? "");
        // The standard skips "*/*".
        return type === null || type.startsWith("*/*")
          ? blob
          : blob.slice(0, blob.size, type);
      });
  }

  override bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#refuse() ?? this.#streamed?.bytes() ?? super.bytes();
  }

  override formData(): Promise<FormData> {
    return this.#refuse() ?? this.#streamed?.formData() ?? super.formData();
  }

  override json(): Promise<unknown> {
    return this.#refuse() ?? this.#read(JSON.parse) ?? this.#streamed?.json() ??
      super.json();
  }

  override text(): Promise<string> {
    return this.#refuse() ?? this.#read((text) => text) ??
      this.#streamed?.text() ?? super.text();
  }

  get #isRead(): boolean {
    return this.#text.kind === "read";
  }

  /** Reads the text without the runtime, if there is one. */
  #read<Value>(convert: (text: string) => Value): Promise<Value> | null {
    const own = this.#text;
    if (own.kind !== "unread" || super.bodyUsed) return null;
    this.#text = READ;
    return new Promise((resolve) => resolve(convert(own.text)));
  }

  /** Rejects if the body cannot be read, but the runtime does not know. */
  #refuse(): Promise<never> | null {
    const { signal } = this.#init;
    if (signal?.aborted && this.#hasBody && !this.bodyUsed) {
      return Promise.reject(signal.reason);
    }
    return this.#isRead ? Promise.reject(isRead("read")) : null;
  }
}

/** Keeps a Response as long as its stream. */
function keep(stream: ReadableStream | null, owner: Response): void {
  if (stream !== null) owners.set(stream, owner);
}

function isRead(verb: string): TypeError {
  return new TypeError(`Cannot ${verb} the body: it was read`);
}

/** Whether a stream is a byte stream, or in use. */
function isByteStream(stream: BodyStream): boolean {
  if (stream.locked) return true;
  try {
    stream.getReader({ mode: "byob" }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes a byte stream of another stream, without touching that until it is read. All
 * bodies from a network are byte streams (WHATWG Fetch §2.2.4); in Deno, those made
 * from a string or from bytes are not.
 */
function toByteStream(
  open: () => BodyStream,
  signal: AbortSignal | null,
): BodyStream {
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | null =
    null;
  return readableFrom({
    async read() {
      reader ??= open().getReader();
      let { done, value } = await reader.read();
      // A byte stream accepts no empty piece.
      while (value?.length === 0) ({ done, value } = await reader.read());
      if (!done && signal?.aborted) throw signal.reason;
      return done ? null : value!;
    },
    cancel: (reason) => (reader ?? open()).cancel(reason),
  });
}

/** Immutable headers, like those of the runtime's own `fetch`. */
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
