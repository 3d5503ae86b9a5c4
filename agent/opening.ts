// A connection that is being opened, within its time limits.

import type { HttpConnection } from "../client/transport/http_connection.ts";
import { type Deadlines, Timed } from "./deadlines.ts";
import type { Group } from "./line.ts";
import { type OpenPhase, openRoute, withOpenProgress } from "./open_route.ts";
import { timeoutError, type Timeouts } from "./timeouts.ts";

/** A connection that is being opened. Its limits are those of who asked. */
export class Opening extends Timed {
  /** Is called when another phase starts. */
  onPhase: (phase: OpenPhase) => void = () => {};
  readonly group: Group;
  readonly #timeouts: Timeouts;
  readonly #deadlines: Deadlines;
  readonly #controller = new AbortController();
  #phase: OpenPhase = "connect";
  #phaseAt: number;
  #connectTime = 0;

  constructor(group: Group, timeouts: Timeouts, deadlines: Deadlines) {
    super();
    this.group = group;
    this.#timeouts = timeouts;
    this.#deadlines = deadlines;
    this.#phaseAt = deadlines.now();
  }

  get deadline(): number {
    return this.#phaseAt + this.#timeouts[this.#phase];
  }

  /**
   * Opens the connection.
   *
   * @throws {HttpError} If it cannot be opened.
   * @throws {TypeError} If the connector cannot do what the route needs.
   */
  async open(): Promise<Opened> {
    const { signal } = this.#controller;
    this.onPhase("connect");
    this.#deadlines.watch(this);
    try {
      const connection = await openRoute(this.group.route, {
        signal,
        onPhase: this.#enter,
      });
      const isTls = this.#phase === "tls";
      const time = this.#deadlines.now() - this.#phaseAt;
      return {
        connection,
        connectTime: isTls ? this.#connectTime : time,
        tlsTime: isTls ? time : null,
      };
    } catch (error) {
      throw withOpenProgress(error, this.#phase);
    } finally {
      this.#deadlines.forget(this);
    }
  }

  /** Stops opening it. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  expire(): void {
    const phase = this.#phase;
    this.abort(timeoutError(phase, {
      origin: this.group.route.origin,
      limit: this.#timeouts[phase],
      progress: { phase, reused: false, requestBytes: 0, responseBytes: 0 },
    }));
  }

  readonly #enter = (phase: OpenPhase): void => {
    const now = this.#deadlines.now();
    if (this.#phase === "connect") this.#connectTime = now - this.#phaseAt;
    this.#phase = phase;
    this.#phaseAt = now;
    this.#deadlines.watch(this);
    this.onPhase(phase);
  };
}

/** An open connection, and how long its phases took in milliseconds. */
export interface Opened {
  readonly connection: HttpConnection;
  readonly connectTime: number;
  readonly tlsTime: number | null;
}
