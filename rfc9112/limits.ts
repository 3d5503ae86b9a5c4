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
   * Field lines of one header or trailer section.
   *
   * @default {1000}
   */
  maxHeaderFields: number;
  /**
   * Bytes of a body that is held in memory. Streamed bodies have no limit.
   *
   * @default {1073741824}
   */
  maxBodyBytes: number;
}

/**
 * An exception from strict parsing. None of them can change where a message
 * ends.
 *
 * | exception | effect |
 * |---|---|
 * | `SpaceBeforeColon` | drops whitespace between a field name and its colon, except after `Content-Length` and `Transfer-Encoding` |
 * | `ControlCharacters` | keeps control characters in a field value, except NUL, CR, and LF |
 * | `RepeatedStatusLine` | skips a status line where a field line belongs |
 */
export type HttpLeniency =
  | "SpaceBeforeColon"
  | "ControlCharacters"
  | "RepeatedStatusLine";

/** How to read a response. */
export interface HttpReceiveOptions
  extends
    Partial<{ [Name in keyof HttpLimits]: HttpLimits[Name] | undefined }> {
  /**
   * Faults of the peer to accept.
   *
   * @default {[]}
   */
  lenient?: readonly HttpLeniency[] | undefined;
}

const DEFAULT_LIMITS: HttpLimits = Object.freeze({
  maxHeadBytes: 65536,
  maxTrailerBytes: 65536,
  maxChunkExtensionBytes: 16384,
  maxInterimResponses: 32,
  maxHeaderFields: 1000,
  maxBodyBytes: 2 ** 30,
});

const LIMIT_NAMES = Object.keys(DEFAULT_LIMITS) as (keyof HttpLimits)[];

/**
 * Fills in the limits that were not given.
 *
 * @param defaults What stands for those; the defaults of the package if nothing.
 *
 * @throws {RangeError} If a limit is not a non-negative integer.
 */
export function resolveLimits(
  limits?: HttpReceiveOptions,
  defaults: HttpLimits = DEFAULT_LIMITS,
): HttpLimits {
  if (limits === undefined || limits === defaults) return defaults;
  const resolved = { ...defaults };
  for (const name of LIMIT_NAMES) {
    const limit = limits[name];
    if (limit === undefined) continue;
    if (!(limit >= 0) || Math.floor(limit) !== limit) {
      throw new RangeError(
        `Invalid limit: ${name} is ${limit}, not a non-negative integer`,
      );
    }
    resolved[name] = limit;
  }
  return resolved;
}
