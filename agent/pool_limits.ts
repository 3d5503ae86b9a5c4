/**
 * The limits of a pool.
 *
 * @module
 */

import { checkCount, checkMilliseconds } from "./_numbers.ts";

/** Limits of a pool. */
export interface HttpPoolOptions {
  /**
   * How many connections there may be, including those that are being opened. A
   * process often may have no more than 1,024 descriptors.
   *
   * @default {256}
   */
  maxConnections?: number | undefined;
  /**
   * How many of them may be to one origin: with one key, to be exact. More would
   * hardly be faster, and look like an attack to some servers.
   *
   * @default {64}
   */
  maxConnectionsPerOrigin?: number | undefined;
  /**
   * How long a connection may be idle, in milliseconds; `null` for any time. If it
   * is given, a server's `Keep-Alive` can only shorten it; by default, a server
   * may ask for up to 600 s. Many servers close after about a minute.
   *
   * @default {60_000}
   */
  idleTimeout?: number | null | undefined;
  /**
   * How old a connection may be to carry another exchange, in milliseconds. Set
   * it if the addresses behind a name change, which a connection does not notice.
   *
   * @default {null}
   */
  maxAge?: number | null | undefined;
  /**
   * How many exchanges a connection may carry. Servers that have such a limit
   * close by themselves, so there is none by default.
   *
   * @default {null}
   */
  maxExchanges?: number | null | undefined;
}

/** The limits of a pool, without defaults; `Infinity` is no limit. */
export interface HttpPoolLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerOrigin: number;
  readonly idleTimeout: number;
  /** The longest idle time that a server may ask for. */
  readonly maxKeepAlive: number;
  readonly maxAge: number;
  readonly maxExchanges: number;
}

const DEFAULT_IDLE_TIMEOUT = 60_000;
// A longer promise is hardly kept: there are proxies and address translators
// between, which forget connections that are idle.
const MAX_KEEP_ALIVE = 600_000;

/**
 * Adds the defaults.
 *
 * @throws {RangeError} If a limit is out of range.
 */
export function resolvePoolLimits(options: HttpPoolOptions): HttpPoolLimits {
  const { maxConnections, maxConnectionsPerOrigin, maxAge, maxExchanges } =
    options;
  const given = checkMilliseconds("idleTimeout", options.idleTimeout);
  const isDefault = options.idleTimeout === undefined;
  return {
    maxConnections: checkCount("maxConnections", maxConnections) ?? 256,
    maxConnectionsPerOrigin:
      checkCount("maxConnectionsPerOrigin", maxConnectionsPerOrigin) ?? 64,
    idleTimeout: isDefault ? DEFAULT_IDLE_TIMEOUT : given ?? Infinity,
    maxKeepAlive: Math.min(MAX_KEEP_ALIVE, given ?? Infinity),
    maxAge: checkMilliseconds("maxAge", maxAge) ?? Infinity,
    maxExchanges: checkCount("maxExchanges", maxExchanges) ?? Infinity,
  };
}
