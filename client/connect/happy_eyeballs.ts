/**
 * Connecting to the first of several addresses that accepts (RFC 8305).
 *
 * @module
 */

import type { FailedAttempt } from "../transport/open_failure.ts";

// RFC 8305 §5: the recommended delay between attempts.
const ATTEMPT_MILLISECONDS = 250;

/** The outcome of all attempts. */
export type Dialed<Connection> =
  | { readonly kind: "connected"; readonly connection: Connection }
  | { readonly kind: "failed"; readonly attempts: readonly FailedAttempt[] };

/** How to connect. */
export interface Dialer<Connection> {
  /** Connects to one address, until the signal aborts. */
  dial(address: string, signal: AbortSignal): Promise<Connection>;
  /** Closes a connection that came too late. */
  drop(connection: Connection): void;
}

/**
 * Orders addresses so that the families take turns, starting with the first.
 *
 * @param addresses The addresses, in order of preference.
 * @returns The same addresses (RFC 8305 §4).
 */
export function interleaveFamilies(addresses: readonly string[]): string[] {
  const isV6 = (address: string) => address.includes(":");
  const startsWithV6 = addresses[0] !== undefined && isV6(addresses[0]);
  const first = addresses.filter((one) => isV6(one) === startsWithV6);
  const second = addresses.filter((one) => isV6(one) !== startsWithV6);
  const ordered: string[] = [];
  for (let i = 0; i < Math.max(first.length, second.length); i++) {
    ordered.push(...first.slice(i, i + 1), ...second.slice(i, i + 1));
  }
  return ordered;
}

/**
 * Connects to the first address that accepts. An attempt starts 250 ms after
 * the one before it, or as soon as that fails; none is given up before another
 * one succeeds.
 *
 * @param addresses The addresses, in the order in which to try them.
 * @param dialer How to connect.
 * @param signal Ends all attempts.
 * @returns The connection, or why each attempt failed.
 * @throws {unknown} If the signal aborts, its reason.
 */
export function dialFirst<Connection>(
  addresses: readonly string[],
  dialer: Dialer<Connection>,
  signal: AbortSignal | undefined,
): Promise<Dialed<Connection>> {
  const { promise, resolve, reject } = Promise.withResolvers<
    Dialed<Connection>
  >();
  const attempts: FailedAttempt[] = [];
  const controller = new AbortController();
  let started = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function startNext(): void {
    clearTimeout(timer);
    if (attempts.length === addresses.length) {
      settle();
      return resolve({ kind: "failed", attempts });
    }
    const address = addresses[started];
    if (address === undefined) return;
    started++;
    timer = setTimeout(startNext, ATTEMPT_MILLISECONDS);
    dialer.dial(address, controller.signal).then(
      (connection) => {
        if (controller.signal.aborted) return dialer.drop(connection);
        settle();
        resolve({ kind: "connected", connection });
      },
      (error) => {
        if (controller.signal.aborted) return;
        attempts.push({ address, error });
        startNext();
      },
    );
  }

  /** Ends the remaining attempts. */
  function settle(): void {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    controller.abort();
  }

  function onAbort(): void {
    settle();
    reject(signal!.reason);
  }

  if (signal?.aborted) return Promise.reject(signal.reason);
  signal?.addEventListener("abort", onAbort);
  startNext();
  return promise;
}
