// The streamed body of an answered call, which may stay unread.
//
// If an exchange is collected as garbage, its connection is freed. Reading its body
// keeps an exchange from being collected: a method that reads to the end, or a lock on
// one of the streams that were returned. Nothing here keeps them alive.

import type { StreamedBody } from "../client/exchange/body.ts";
import { makeRegistry, type Ref } from "../client/transport/garbage.ts";
import type { Attempt } from "./agent_attempt.ts";

/** The readers of a body, as its exchange knows them. */
export interface BodyUse {
  /** Whether a method reads it to its end. */
  isTaken: boolean;
  /** The streams that were returned: a clone of a Response has its own. */
  streams: readonly Ref<ReadableStream>[];
}

// A registered object survives scavenges, so a body is unregistered once it ends.
const garbage = makeRegistry((drop: () => void) => drop());

/** A body that an exchange may leave unread. */
export class UnreadBody {
  readonly #attempt: Attempt;
  readonly #body: StreamedBody;
  readonly #use: BodyUse;

  constructor(attempt: Attempt, body: StreamedBody, use: BodyUse) {
    this.#attempt = attempt;
    this.#body = body;
    this.#use = use;
  }

  /**
   * Watches the exchange of the body.
   *
   * @param drop Called if the exchange is collected as garbage.
   */
  watch(exchange: object, drop: () => void): void {
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
    const { isTaken, streams } = this.#use;
    if (isTaken || streams.some((stream) => stream.deref()?.locked)) return;
    this.#body.discard(owner);
  }

  /** Takes note that the body has ended, or has failed. */
  forget(): void {
    garbage.unregister(this);
  }
}
