// The uses of the data of a streamed body, one at a time: a stream pulls it, or it is
// collected in memory, or discarded.

import type { HeldBytes } from "../../core/held_bytes.ts";
import type { BodyBuffer } from "../../rfc9112/_body_buffer.ts";
import type { InputBytes } from "../connection/input.ts";

/** Uses the data of a body. */
export interface BodyActivity {
  /** Whether it wants data now. */
  readonly wants: boolean;
  /** Returns the buffer to read into, if any. */
  target?(): InputBytes | undefined;
  /** Receives data; see `BodyConsumer.data`. */
  data(bytes: InputBytes): InputBytes | void;
  /** Called when it has enough. */
  pause?(): void;
  /** Ends with the body. */
  end(): void;
  /** Fails with the exchange. */
  fail(error: unknown): void;
}

/** Code that waits for an activity. */
export interface ActivityListener<T> {
  /** Kept from being collected while the activity lasts. */
  readonly owner: object;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Smaller views are served from a queued copy: a pull for each would cost more. */
const MIN_TARGET_BYTES = 4096;

/** How much `discard` reads before it closes the connection instead. */
const MAX_DISCARDED_BYTES = 262144;
const MAX_DISCARD_MILLISECONDS = 50;

/** Gives a stream one piece, and its end if that follows. */
export class Pulling implements BodyActivity {
  wants = true;
  readonly #controller: ReadableByteStreamController;
  readonly #listener: ActivityListener<void>;
  #target: InputBytes | undefined;

  constructor(
    controller: ReadableByteStreamController,
    listener: ActivityListener<void>,
  ) {
    this.#controller = controller;
    this.#listener = listener;
  }

  target(): InputBytes | undefined {
    const view = this.#controller.byobRequest?.view;
    this.#target = view && view.byteLength >= MIN_TARGET_BYTES
      ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
      : undefined;
    return this.#target;
  }

  data(bytes: InputBytes): InputBytes | void {
    this.wants = false;
    const target = this.#target;
    if (target !== undefined && bytes.buffer === target.buffer) {
      // Data behind its framing is not yet in its place.
      if (bytes.byteOffset !== target.byteOffset) target.set(bytes);
      this.#controller.byobRequest?.respond(bytes.length);
      return;
    }
    const request = this.#controller.byobRequest;
    const view = request?.view ?? null;
    if (
      request === null || view === null ||
      view.byteLength < Math.min(bytes.length, MIN_TARGET_BYTES)
    ) {
      // A copy: the stream transfers the buffer, and its reader sees all of it.
      this.#controller.enqueue(new Uint8Array(bytes));
      return;
    }
    const length = Math.min(bytes.length, view.byteLength);
    const filled = new Uint8Array(view.buffer, view.byteOffset, length);
    filled.set(bytes.subarray(0, length));
    request.respond(length);
    if (length < bytes.length) return bytes.subarray(length);
  }

  pause(): void {
    this.#listener.resolve();
  }

  end(): void {
    // A closed stream loses its queue if a reader then asks for more than that. If
    // this pull gave it data that nobody has read yet, the next one closes it. Older
    // data does not count: in workerd, the slower of two clones has not read it.
    const hasQueued = !this.wants && (this.#controller.desiredSize ?? 0) < 0;
    try {
      if (!hasQueued) {
        this.#controller.close();
        this.#controller.byobRequest?.respond(0);
      }
    } catch {
      // The body ends inside an element of the reader's view. The reader is told.
    }
    this.#listener.resolve();
  }

  fail(error: unknown): void {
    this.#listener.reject(error);
  }
}

/** Collects the body in memory, and converts it. */
export function collecting<T>(
  buffer: BodyBuffer,
  convert: (bytes: HeldBytes) => T,
  listener: ActivityListener<T>,
): BodyActivity {
  return {
    wants: true,
    data: (bytes) => buffer.push(bytes),
    end() {
      try {
        listener.resolve(convert(buffer.take()));
      } catch (error) {
        listener.reject(error);
      }
    },
    fail: (error) => listener.reject(error),
  };
}

/**
 * Reads the body into memory; only a part of it if it is long. The listener does not
 * wait for a slow one, which is still read: finding credentials may need its connection.
 */
export function keeping(
  kept: InputBytes[],
  listener: Omit<ActivityListener<void>, "reject">,
): BodyActivity {
  let left = MAX_DISCARDED_BYTES;
  const stop = () => {
    activity.wants = false;
    clearTimeout(timer);
    listener.resolve();
  };
  const timer = setTimeout(listener.resolve, MAX_DISCARD_MILLISECONDS);
  const activity = {
    wants: true,
    data(bytes: Uint8Array) {
      kept.push(new Uint8Array(bytes));
      left -= bytes.length;
      if (left < 0) activity.wants = false;
    },
    pause: stop,
    end: stop,
    fail: stop,
  };
  return activity;
}

/** Drops the body, or gives up if it is long or slow. */
export function discarding(
  abort: () => void,
  listener: Omit<ActivityListener<void>, "reject">,
): BodyActivity {
  let left = MAX_DISCARDED_BYTES;
  const timer = setTimeout(abort, MAX_DISCARD_MILLISECONDS);
  const stop = () => {
    clearTimeout(timer);
    listener.resolve();
  };
  return {
    wants: true,
    data(bytes) {
      left -= bytes.length;
      if (left < 0) abort();
    },
    end: stop,
    fail: stop,
  };
}
