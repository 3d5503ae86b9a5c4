// One call over a connection: what is read and written until it ends, and the
// one place where it fails.
//
//   open ── finish ──> finished       the call got what it wanted
//     └─ fail ──> failed              abort, close, a fault: the transport is
//                                     aborted, and whatever is awaited rejects
//
// A peer may answer before it has read the request, and stop reading. So writes
// are started and not waited for, and a write that fails does not end the call:
// the answer may be on its way. Only if none comes is the failed write what the
// call reports.

import { HttpError } from "../error.ts";
import { CR, LF } from "../rfc9110/_syntax.ts";
import type { Transport } from "./_transport.ts";

// How long a read may wait after a write has failed. What the peer sent before
// is in the receive buffer or within a round trip. Only a read counts: who takes
// a long time over a body has the answer.
const ANSWER_MILLISECONDS = 1000;

// A read of what is there already takes two turns; this leaves one more.
const SILENT_TURNS = 3;

const END_OF_FILE = new Uint8Array(0);

/** One call over a transport. One read and one write are under way at most. */
export class Call {
  readonly #transport: Transport;
  readonly #signal: AbortSignal | undefined;
  #onAbort: (() => void) | null = null;
  #unread: Uint8Array;
  #failure: { readonly error: unknown } | null = null;
  #onFailure: ((error: unknown) => void) | null = null;
  #isWriting = false;
  /** Who waits for the write under way. */
  #onWritten: (() => void) | null = null;
  #writeFailure: { readonly error: unknown } | null = null;
  #isReading = false;
  /** A read that was started before it was asked for. */
  #ahead: Promise<Uint8Array> | null = null;
  #isFinished = false;
  #answerTimer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Starts a call; with a signal that is aborted already, as a failed one.
   *
   * @param unread What was read before and belongs to this call.
   */
  constructor(
    transport: Transport,
    unread: Uint8Array,
    signal: AbortSignal | undefined,
  ) {
    this.#transport = transport;
    this.#unread = unread;
    this.#signal = signal;
    if (signal === undefined) return;
    this.#onAbort = () => this.fail(signal.reason);
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort);
  }

  /** Whether what is read may be handed on without a copy. */
  get ownsBuffers(): boolean {
    return this.#transport.ownsBuffers;
  }

  /** Whether all that was to be written has been written. */
  get isWritten(): boolean {
    return !this.#isWriting && this.#writeFailure === null;
  }

  /** What was read for this call and not used. */
  get unread(): Uint8Array {
    return this.#unread;
  }

  /** Throws where the call has failed. */
  check(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  /**
   * Reads what is there; an empty array at end of file.
   *
   * @param into Where to read to, if the transport can and nothing is unread.
   */
  read(into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const ahead = this.#ahead;
    this.#ahead = null;
    return ahead ?? this.#read(into);
  }

  /**
   * Starts the read that will be asked for, and checks that there was nothing to
   * read yet: what comes before the request is no answer to it.
   *
   * @throws {TypeError} If there was something.
   * @throws {HttpError} If the connection had ended.
   */
  async checkSilence(): Promise<void> {
    if (!this.#transport.isSocket || this.#unread.length > 0) return;
    const ahead = this.#ahead = this.#read();
    for (let turn = 0; turn < SILENT_TURNS; turn++) await null;
    if (this.#isReading) return;
    const bytes = await ahead;
    if (bytes.length === 0) {
      throw new HttpError(
        "UnexpectedEof",
        "Cannot start an exchange: the connection ended before the request",
      );
    }
    // Empty lines before a response are skipped (RFC 9112 §2.2).
    if (isEmptyLines(bytes)) return;
    throw new TypeError(
      "Cannot start an exchange: bytes came without a request",
    );
  }

  /** Takes back what was read, once nothing refers to it any more. */
  recycle(bytes: Uint8Array): void {
    this.#transport.recycle(bytes);
  }

  /** Starts a write; `flush` waits for it. */
  startWrite(pieces: readonly Uint8Array[]): void {
    this.check();
    this.#isWriting = true;
    this.#transport.write(pieces).then(
      () => this.#finishWrite(),
      (error) => this.#failWrite(error),
    );
  }

  /** Waits for the write that is under way. */
  async flush(): Promise<void> {
    this.check();
    if (this.#isWriting) {
      await new Promise<void>((resolve) => {
        this.#onWritten = resolve;
      });
      this.check();
    }
    if (this.#writeFailure !== null) throw this.#writeFailure.error;
  }

  /** Gives the error to report for one that came up while reading. */
  explain(error: HttpError): HttpError {
    const isEof = error.code === "UnexpectedEof" || error.code === "NoResponse";
    if (this.#writeFailure === null || !isEof) return error;
    const { code, message } = error;
    return new HttpError(code, message, { cause: this.#writeFailure.error });
  }

  /** Says what to do, once, when the call fails. */
  set onFailure(listener: (error: unknown) => void) {
    if (this.#failure === null) this.#onFailure = listener;
    else listener(this.#failure.error);
  }

  /** Waits for something that does not know of the call, as long as it lasts. */
  unlessItFails<T>(something: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.onFailure = reject;
      something.then(resolve, reject);
    });
  }

  /**
   * Ends the call with an error and its connection with it; the first counts,
   * and none where the call has got what it wanted.
   */
  fail(error: unknown): void {
    if (this.#isFinished) return;
    this.#failure = { error };
    this.finish();
    this.#transport.abort(error);
    // Who would have read it is told by the call itself.
    this.#ahead?.catch(() => {});
    this.#onWritten?.();
    this.#onFailure?.(error);
  }

  /** Ends the call: lets go of the signal and the timer. */
  finish(): void {
    this.#isFinished = true;
    if (this.#onAbort !== null) {
      this.#signal?.removeEventListener("abort", this.#onAbort);
    }
    this.#stopTimer();
  }

  async #read(into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    this.check();
    if (this.#unread.length > 0) {
      const unread = this.#unread;
      this.#unread = END_OF_FILE;
      return unread;
    }
    let bytes: Uint8Array | null;
    this.#isReading = true;
    if (this.#writeFailure !== null) this.#limitWait(this.#writeFailure.error);
    try {
      bytes = await this.#transport.read(into);
    } catch (error) {
      this.check();
      throw error;
    } finally {
      this.#isReading = false;
      this.#stopTimer();
    }
    this.check();
    return bytes ?? END_OF_FILE;
  }

  #finishWrite(): void {
    this.#isWriting = false;
    this.#onWritten?.();
  }

  #failWrite(error: unknown): void {
    this.#finishWrite();
    if (this.#isFinished) return;
    this.#writeFailure = { error };
    if (this.#isReading) this.#limitWait(error);
  }

  /** Fails the call unless the read under way gives something soon. */
  #limitWait(error: unknown): void {
    this.#answerTimer = setTimeout(() => this.fail(error), ANSWER_MILLISECONDS);
  }

  #stopTimer(): void {
    if (this.#answerTimer !== undefined) clearTimeout(this.#answerTimer);
  }
}

function isEmptyLines(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === CR || byte === LF);
}
