/**
 * The limits that keep a peer from using up memory.
 *
 * @module
 */

/** How much of each kind a peer may send before the exchange fails. */
export interface HttpLimits {
  /**
   * Bytes of one response head: its status line and field lines, with their
   * ends. Servers stay below some 16 KiB; a few set cookies beyond.
   *
   * @default {65536}
   */
  maxHeadBytes: number;
  /**
   * Bytes of the field lines of a trailer section, with their ends.
   *
   * @default {65536}
   */
  maxTrailerBytes: number;
  /**
   * Bytes of chunk extensions over one whole body.
   *
   * @default {16384}
   */
  maxChunkExtensionBytes: number;
  /**
   * Interim (1xx) responses before the final one.
   *
   * @default {32}
   */
  maxInterimResponses: number;
  /**
   * Bytes of a body that is held in memory. Streamed bodies have no limit.
   *
   * @default {1073741824}
   */
  maxBodyBytes: number;
}

const DEFAULT_LIMITS: HttpLimits = Object.freeze({
  maxHeadBytes: 65536,
  maxTrailerBytes: 65536,
  maxChunkExtensionBytes: 16384,
  maxInterimResponses: 32,
  maxBodyBytes: 2 ** 30,
});

const LIMIT_NAMES = Object.keys(DEFAULT_LIMITS) as (keyof HttpLimits)[];

/**
 * Fills in the limits that were not given.
 *
 * @param defaults What stands for those; the defaults of the package if nothing.
 *
 * @throws {RangeError} If a limit is not a whole number from 0 on.
 */
export function resolveLimits(
  limits?: Partial<HttpLimits>,
  defaults: HttpLimits = DEFAULT_LIMITS,
): HttpLimits {
  if (limits === undefined || limits === defaults) return defaults;
  const resolved = { ...defaults };
  for (const name of LIMIT_NAMES) {
    const limit = limits[name];
    if (limit === undefined) continue;
    if (!(limit >= 0) || Math.floor(limit) !== limit) {
      throw new RangeError(
        `Invalid limit: ${name} is ${limit}, not a whole number from 0 on`,
      );
    }
    resolved[name] = limit;
  }
  return resolved;
}
