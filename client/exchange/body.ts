// The streamed body of a response, shared by its exchange, its stream, and `discard`:
//
//   opening ──> paused ── pull, collect, or discard ──> active ──> ended
//                 ^                                       │   └──> failed
//                 └────────────── enough for now ─────────┘
//
// The connection is read only while the body is "active". Otherwise, no state here
// refers to the exchange, the client, or the controller of a stream, so that these
// are collected when they are dropped.

import type { HeldBytes } from "../../core/held_bytes.ts";
import { HttpError } from "../../error.ts";
import type { HttpResponse } from "../../rfc9110/response.ts";
import { bufferFor } from "../../rfc9112/_body_buffer.ts";
import type { HttpFraming } from "../../rfc9112/framing.ts";
import type { InputBytes } from "../connection/input.ts";
import {
  type BodyActivity,
  collecting,
  discarding,
  keeping,
  Pulling,
} from "./body_activity.ts";
import type { BodyConsumer, ResponseEnd } from "./consumer.ts";
import type { ExchangeDriver } from "./driver.ts";

/** The parts of a body. */
export interface StreamedBodyParts {
  readonly driver: ExchangeDriver;
  readonly response: HttpResponse;
  readonly framing: HttpFraming;
  readonly maxBodyBytes: number;
  /** Returns the error to report if the body fails after it was opened. */
  readonly complete?: (error: unknown) => unknown;
}

/** Code that waits for a body to open. */
interface Opening {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type State =
  | { readonly kind: "opening"; readonly opening: Opening }
  | { readonly kind: "paused" }
  | { readonly kind: "active"; readonly activity: BodyActivity }
  | { readonly kind: "ended"; readonly end: ResponseEnd }
  | { readonly kind: "failed"; readonly error: unknown };

const PAUSED: State = { kind: "paused" };
const NOTHING = new Uint8Array(0);

/** Creates the error for reading a body that was discarded. */
export function discardedError(): TypeError {
  return new TypeError(
    "Cannot read the body: it was discarded, by `discard` or `close`, or at the " +
      "end of an `await using` block",
  );
}

/** The body of a response, while it is read. */
export class StreamedBody implements BodyConsumer {
  readonly response: HttpResponse;
  readonly framing: HttpFraming;
  /** Whether anything was read. */
  isTouched = false;
  readonly #driver: ExchangeDriver;
  readonly #maxBodyBytes: number;
  readonly #complete: StreamedBodyParts["complete"];
  #state: State;
  /** The pieces that were read ahead, for a later reader. */
  readonly #kept: InputBytes[] = [];
  #isUploaded: boolean | null;
  #isDiscarded = false;
  #onUploaded: (() => void) | null = null;
  #over: PromiseWithResolvers<void> | null = null;

  /** Opens a body: it has ended, or it waits to be read. */
  constructor(parts: StreamedBodyParts, opening: Opening) {
    this.response = parts.response;
    this.framing = parts.framing;
    this.#driver = parts.driver;
    this.#maxBodyBytes = parts.maxBodyBytes;
    this.#complete = parts.complete;
    this.#isUploaded = parts.driver.isUploaded;
    this.#state = { kind: "opening", opening };
  }

  /** Resolves at the end of the response; rejects if it fails before. */
  async whenEnded(): Promise<ResponseEnd> {
    while (this.#state.kind !== "ended") {
      if (this.#state.kind === "failed") throw this.#state.error;
      this.#over ??= Promise.withResolvers();
      await this.#over.promise;
    }
    return this.#state.end;
  }

  /** Resolves with whether the whole request was sent. */
  async whenUploaded(): Promise<boolean> {
    if (this.#isUploaded === null) {
      await new Promise<void>((resolve) => this.#onUploaded = resolve);
    }
    return this.#isUploaded!;
  }

  /**
   * Reads the rest of the body, and converts it.
   *
   * @param owner Kept from being collected meanwhile.
   */
  collect<T>(
    convert: (bytes: HeldBytes) => T,
    owner: object,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#checkKept();
      const { response, framing } = this;
      try {
        const buffer = bufferFor(response, framing, this.#maxBodyBytes);
        const listener = { resolve, reject, owner };
        this.#start(collecting(buffer, convert, listener));
      } catch (error) {
        // The length is above the limit.
        if (!(error instanceof HttpError)) throw error;
        this.#driver.failPeer(error);
        // It may have ended already, if it was read ahead.
        this.whenEnded().then(
          () => reject(this.#complete?.(error) ?? error),
          reject,
        );
      }
    });
  }

  /**
   * Converts the body if it is known to have come whole with the head, so that
   * nothing has to be awaited; otherwise returns `null`.
   *
   * @param convert Gets bytes that are valid until it returns.
   */
  takeArrived<T>(convert: (bytes: Uint8Array) => T): T | null {
    const { kind } = this.#state;
    const { framing } = this;
    const isWhole = kind === "ended" && framing.kind !== "tunnel" ||
      kind === "paused" && this.#isUploaded === true &&
        framing.kind === "length" &&
        framing.length === this.#driver.arrivedBytes;
    if (this.isTouched || this.#kept.length > 0 || !isWhole) return null;
    let taken = null as T | null;
    this.#start({
      wants: true,
      data(bytes) {
        taken = convert(bytes);
      },
      end() {},
      fail() {},
    });
    return taken ?? convert(NOTHING);
  }

  /** Reads the next piece for a stream. */
  pull(controller: ReadableByteStreamController, owner: object): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#checkKept();
      this.#start(new Pulling(controller, { resolve, reject, owner }));
    });
  }

  /**
   * Reads the body ahead, within the limits of {@linkcode discard}, so that it
   * does not keep its connection. Never rejects.
   */
  keep(owner: object): Promise<void> {
    return new Promise((resolve) => {
      if (this.#state.kind !== "paused") return resolve();
      const activity = keeping(this.#kept, { resolve, owner });
      this.#state = { kind: "active", activity };
      this.#driver.resume();
    });
  }

  /** Reads and drops the rest of the body, within limits. Never rejects. */
  discard(owner: object): Promise<void> {
    return new Promise((resolve) => {
      const { kind } = this.#state;
      const abort = () =>
        this.abort(
          new DOMException("The response body was discarded", "AbortError"),
          "the last response body was discarded before its end",
        );
      if (kind === "paused") {
        this.#isDiscarded = true;
        this.#start(discarding(abort, { resolve, owner }));
      } else {
        // A pending read would get the data that should be discarded.
        if (kind === "active") abort();
        resolve();
      }
    });
  }

  /**
   * Fails the exchange, and closes the connection.
   *
   * @param why How a later call describes it.
   */
  abort(reason: unknown, why: string): void {
    this.isTouched = true;
    this.#driver.abort(reason, why);
  }

  get wants(): boolean {
    return this.#state.kind === "active" && this.#state.activity.wants;
  }

  target(): InputBytes | undefined {
    return this.#state.kind === "active"
      ? this.#state.activity.target?.()
      : undefined;
  }

  data(bytes: InputBytes): InputBytes | void {
    if (this.#state.kind === "active") return this.#state.activity.data(bytes);
  }

  pause(): void {
    const state = this.#state;
    this.#state = PAUSED;
    if (state.kind === "opening") state.opening.resolve();
    if (state.kind === "active") state.activity.pause?.();
  }

  uploaded(whole: boolean): void {
    this.#isUploaded = whole;
    this.#onUploaded?.();
  }

  end(end: ResponseEnd): void {
    const state = this.#state;
    this.#state = { kind: "ended", end };
    this.uploaded(end.uploaded);
    this.#over?.resolve();
    if (state.kind === "opening") state.opening.resolve();
    if (state.kind === "active") state.activity.end();
  }

  fail(reason: unknown): void {
    const state = this.#state;
    const isOpening = state.kind === "opening";
    const error = isOpening || this.#complete === undefined
      ? reason
      : this.#complete(reason);
    this.#state = { kind: "failed", error };
    this.uploaded(this.#isUploaded ?? false);
    this.#over?.resolve();
    if (isOpening) state.opening.reject(error);
    if (state.kind === "active") state.activity.fail(error);
  }

  /** @throws {TypeError} If it was discarded. */
  #checkKept(): void {
    if (this.#isDiscarded) {
      throw discardedError();
    }
  }

  #start(activity: BodyActivity): void {
    this.isTouched = true;
    while (this.#kept.length > 0) {
      if (!activity.wants) return activity.pause?.();
      const rest = activity.data(this.#kept.shift()!);
      if (rest) this.#kept.unshift(rest);
    }
    const state = this.#state;
    switch (state.kind) {
      case "failed":
        return activity.fail(state.error);
      case "ended":
        return activity.end();
      default:
        this.#state = { kind: "active", activity };
        this.#driver.resume();
    }
  }
}
