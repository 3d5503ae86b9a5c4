// The streamed body of an answered call, which may stay unread.
//
// If an exchange is collected as garbage, its connection is freed. Reading its body
// keeps an exchange from being collected: a method that reads to the end, or a lock on
// one of the streams that were returned. Nothing here keeps them alive.

import type { StreamedBody } from "../client/exchange/body.ts";
import type { Attempt } from "./agent_attempt.ts";

/** The readers of a body, as its exchange knows them. */
export interface BodyUse {
  /** Whether a method reads it to its end. */
  isTaken: boolean;
  /** The streams that were returned: a clone of a Response has its own. */
  streams: readonly WeakRef<ReadableStream>[];
}

// What is registered survives scavenges, so a body is unregistered as soon as it ends.
const garbage = new FinalizationRegistry((drop: () => void) => drop());

/** A body that an exchange may leave unread. */
export class UnreadBody {
  readonly #attempt: Attempt;
  readonly #body: StreamedBody;
  /** How its exchange uses it; `null` while the call reads it by itself. */
  #use: BodyUse | null = null;

  constructor(attempt: Attempt, body: StreamedBody) {
    this.#attempt = attempt;
    this.#body = body;
  }

  /**
   * Leaves the body to an exchange.
   *
   * @param drop Is called if the exchange is collected as garbage.
   */
  handOver(exchange: object, use: BodyUse, drop: () => void): void {
    this.#use = use;
    garbage.register(exchange, drop, this);
  }

  /**
   * Drops the body if nobody is reading it.
   *
   * @param owner Kept from being collected meanwhile.
   */
  dropUnread(owner: object): void {
    // An upgrade has no body. If its connection is wanted, it is detached by now.
    this.#attempt.close();
    const use = this.#use;
    if (use === null || use.isTaken) return;
    if (use.streams.some((stream) => stream.deref()?.locked)) return;
    this.#body.discard(owner);
  }

  /** Takes note that the body has ended, or has failed. */
  forget(): void {
    if (this.#use !== null) garbage.unregister(this);
  }
}
