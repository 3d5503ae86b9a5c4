/**
 * The limits of a pool.
 *
 * @module
 */

import { checkCount, checkMilliseconds } from "./_numbers.ts";

/** Limits of a pool. */
export interface HttpPoolOptions {
  /**
   * The number of connections, including those being opened. Many systems allow a
   * process only 1,024 descriptors.
   *
   * @default {256}
   */
  maxConnections?: number | undefined;
  /**
   * The number of connections per origin, or more exactly per key. More are
   * hardly faster, and look like an attack to some servers.
   *
   * @default {64}
   */
  maxConnectionsPerOrigin?: number | undefined;
  /**
   * How long a connection may be idle, in milliseconds; `null` for any time. A
   * server's `Keep-Alive` can shorten it, and, if you do not set it, also extend
   * it to up to 600 s. Many servers close after about a minute.
   *
   * @default {60_000}
   */
  idleTimeout?: number | null | undefined;
  /**
   * The age up to which a connection carries another exchange, in milliseconds.
   * There is none, because addresses rarely change. Set it if those of a name do:
   * a connection does not notice.
   *
   * @default {null}
   */
  maxAge?: number | null | undefined;
  /**
   * The number of exchanges that a connection carries. There is no limit, because
   * servers that have one close the connection themselves.
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
// A longer promise is rarely kept: proxies and address translators on the way
// forget idle connections.
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
