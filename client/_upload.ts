// Sending a request: its head, and a body that is streamed, has trailers, or is
// held back for a 100.
//
//   head ──> gate ──> piece ... piece ──> end ──> all given
//     │        │        │                   │
//     └────────┴────────┴─── stopped by ────┘  a final response, or a failure
//
// Each piece is written before the next one is taken from the source, so the
// source goes no faster than the connection. A failed write stops the upload
// and no more than that: the answer may be on its way, and it is the call that
// gives it time.

import type { Call } from "./_call.ts";
import type { UploadPlan } from "./_upload_plan.ts";

// Some 25 days, after which a timer overflows and fires at once.
const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1;

/** One request on its way out. */
export class Upload {
  readonly #call: Call;
  readonly #plan: UploadPlan;
  #isStopped = false;
  #allGiven = false;
  #isOpen = false;
  #openGate: () => void = () => {};
  #sending: Promise<void> = Promise.resolve();

  constructor(call: Call, plan: UploadPlan) {
    this.#call = call;
    this.#plan = plan;
  }

  /** Whether the request was written whole. */
  get isSent(): boolean {
    return this.#allGiven && this.#call.isWritten;
  }

  /**
   * Starts to send. What goes wrong with the source fails the call, while it
   * is still asked for anything.
   */
  start(): void {
    const { head, body } = this.#plan;
    if (head !== null) this.#call.startWrite([head]);
    if (body === null) {
      this.#allGiven = true;
      return;
    }
    this.#sending = this.#sendBody(body).catch((error) => {
      if (!this.#isStopped) this.#call.fail(error);
    });
  }

  /** Waits until the request was sent whole; throws where it will not be. */
  async complete(): Promise<void> {
    this.open();
    await this.#call.unlessItFails(this.#sending);
    await this.#call.flush();
  }

  /** Lets the body out: a 100 has come. */
  open(): void {
    this.#isOpen = true;
    this.#openGate();
  }

  /** Sends nothing more, and lets go of the source. */
  stop(reason: unknown): void {
    if (this.#isStopped || this.#allGiven) return;
    this.#isStopped = true;
    this.open();
    this.#plan.body?.source.cancel(reason);
  }

  async #sendBody(body: NonNullable<UploadPlan["body"]>): Promise<void> {
    if (!await this.#isFlushed()) return;
    if (body.continueTimeout !== null) await this.#gate(body.continueTimeout);
    while (!this.#isStopped) {
      const piece = await body.source.next();
      if (this.#isStopped) return;
      const isLast = piece === null;
      const pieces = isLast ? body.framing.end() : body.framing.piece(piece);
      this.#allGiven = isLast;
      if (pieces.length > 0) {
        this.#call.startWrite(pieces);
        if (!await this.#isFlushed()) return;
      }
      if (isLast) return;
    }
  }

  /** Waits for the write under way, and tells whether to go on. */
  async #isFlushed(): Promise<boolean> {
    try {
      await this.#call.flush();
    } catch (error) {
      this.stop(error);
    }
    return !this.#isStopped;
  }

  /** Waits for a 100, for a final response, or for so many milliseconds. */
  async #gate(milliseconds: number): Promise<void> {
    if (this.#isOpen) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#openGate = resolve;
      if (milliseconds > MAX_TIMER_MILLISECONDS) return;
      timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
  }
}
