// A turn of the event loop in which the runtime delivers bytes that have arrived.
//
// After long synchronous work, a socket's bytes are still in the kernel while
// JavaScript goes on. Measured after 60 ms of such work: they were delivered
// after 61 immediates on Deno (its I/O driver is polled once in so many), after
// 1 on Node, and after 2 on Bun. A timer of 0 ms does the same on Deno in 2.3 ms
// instead of 0.2, and 2 times out of 60 it came too early.
//
// On Deno, it takes twice as many: on a busy machine, the driver's poll may be among
// the last of 64, and the bytes then reach JavaScript too late.
//
// All waiters share one chain of immediates: with many connections, most of their
// turns overlap.

import { isWorkers } from "./node_socket.ts";

const isDeno = "Deno" in globalThis;

const IMMEDIATES = isDeno ? 128 : 2;

type StartImmediate = (callback: () => void) => unknown;

const runtime = globalThis as { readonly setImmediate?: StartImmediate };

// On Deno, the first access loads the timers of Node, which takes 4 ms. Workers do
// without: an immediate is lost once the request that started it has ended, and would
// keep those of other requests waiting that share it.
const startImmediate: StartImmediate | undefined = isDeno
  ? (callback) => runtime.setImmediate!(callback)
  : isWorkers()
  ? undefined
  : runtime.setImmediate;

interface Waiter {
  /** The number of immediates after which a waiter is done. */
  readonly until: number;
  /** When it began to wait, by `performance.now`. */
  readonly since: number;
  readonly resolve: () => void;
}

const waiters: Waiter[] = [];
let passed = 0;
let delivered = -Infinity;
let polled = -Infinity;

/**
 * Returns the time, by `performance.now`, before which no bytes have arrived that are
 * not delivered to a pending read: when the last turn that is over began or, for a
 * socket of Deno's, the last time of {@linkcode notePoll}.
 */
export function deliveredUntil(isDenoSocket: boolean): number {
  return isDenoSocket ? Math.max(delivered, polled) : delivered;
}

/**
 * Notes that a read of a socket of Deno's has returned. All sockets were polled
 * since, so bytes that had arrived are delivered in the same burst (measured: 3,426
 * times out of 3,426).
 *
 * @param since A time at which the read was pending, by `performance.now`.
 */
export function notePoll(since: number): void {
  if (since > polled) polled = since;
}

/** Waits until such a turn is over. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (startImmediate === undefined) {
      setTimeout(resolve, 0);
      return;
    }
    const since = performance.now();
    waiters.push({ until: passed + IMMEDIATES, since, resolve });
    if (waiters.length === 1) startImmediate(pass);
  });
}

function pass(): void {
  passed++;
  // In order, because all wait for the same number.
  while (waiters.length > 0 && waiters[0]!.until <= passed) {
    const { since, resolve } = waiters.shift()!;
    delivered = since;
    resolve();
  }
  if (waiters.length > 0) startImmediate!(pass);
}

/**
 * Calls back once a runtime that is not busy has polled its sockets. Measured, this
 * delivers an end of file that the peer sent right behind its response 9 times out of
 * 10, on Deno and on Node, for 3 µs of CPU; one immediate does so on Deno alone.
 */
export function afterPoll(callback: () => void): void {
  if (startImmediate === undefined) SETTLED.then(callback);
  else startImmediate(() => startImmediate(callback));
}

/** How many microtasks a caller gets. */
const CALLER_TICKS = 8;

const SETTLED = Promise.resolve();

let callbacks: (() => void)[] = [];
let ticks = 0;

/**
 * Calls back after some microtasks, in which a caller whose promise was just resolved
 * continues. All waiters share one chain of them.
 */
export function afterCaller(callback: () => void): void {
  if (callbacks.push(callback) > 1) return;
  ticks = 0;
  SETTLED.then(tick);
}

function tick(): void {
  if (++ticks < CALLER_TICKS) {
    SETTLED.then(tick);
    return;
  }
  const due = callbacks;
  callbacks = [];
  for (const callback of due) callback();
}

/** How long code may run without the runtime getting a turn, in milliseconds. */
export const MAX_WORK_MILLISECONDS = 1;

/** How long a burst of requests may take, whose callers each work for less than that. */
const MAX_BURST_MILLISECONDS = 5;

/**
 * Starts a request.
 *
 * @param isLate Whether a caller has worked for longer than that since it was asked to,
 * so that bytes may have arrived that nobody has seen.
 */
export type Start = (isLate: boolean) => void;

let busy = 0;
let starts: Start[] = [];
/** When the last of them was added, by `performance.now`. */
let lastStartAt = 0;
/** How many of them are late. */
let lateStarts = 0;
/** When the first of the others was added. */
let firstStartAt = 0;

/** Counts the connections that carry an exchange. */
export function countBusy(change: 1 | -1): void {
  busy += change;
}

/**
 * Calls back together with all others that are about to write: on Deno, which delivers
 * the reads of one poll in one burst, after the pending microtasks; elsewhere, if each
 * read is its own event, after the poll.
 *
 * Requests that are written back to back find the peer awake. With 64
 * connections, a request costs 12 % less CPU on Deno, 25 % less on Node, and
 * 8 % less on Bun than if each is written as soon as its caller sends it. With a
 * single connection that is busy, it would cost 7 % more on Node.
 *
 * @param now The time by `performance.now`. A burst of many requests takes long itself,
 * so it has more time than there may be between two of them.
 */
export function startTogether(now: number, start: Start): void {
  if (isLong(now)) {
    lateStarts = starts.length;
    firstStartAt = now;
  }
  lastStartAt = now;
  if (starts.push(start) > 1) return;
  firstStartAt = now;
  if (isDeno || busy < 2 || startImmediate === undefined) {
    SETTLED.then(startAll);
  } else {
    startImmediate(startAll);
  }
}

/** Calls back once everything is delivered that the runtime has read. */
export function startAfterReads(now: number, start: Start): void {
  const callback = () => startNow(now, start);
  if (startImmediate === undefined) SETTLED.then(callback);
  else startImmediate(callback);
}

/**
 * Calls back at once.
 *
 * @param now The time when it was asked to, by `performance.now`.
 */
export function startNow(now: number, start: Start): void {
  start(performance.now() - now > MAX_WORK_MILLISECONDS);
}

/** Whether the last of the requests, or the first, was added long ago. */
function isLong(now: number): boolean {
  return now - lastStartAt > MAX_WORK_MILLISECONDS ||
    now - firstStartAt > MAX_BURST_MILLISECONDS;
}

function startAll(): void {
  const due = starts;
  const late = isLong(performance.now()) ? due.length : lateStarts;
  starts = [];
  lateStarts = 0;
  for (let i = 0; i < due.length; i++) due[i]!(i < late);
}
