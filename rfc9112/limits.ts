/**
 * How a response is read: the limits that keep a peer from using up memory, and
 * the exceptions from strict parsing.
 *
 * @module
 */

import { checkLimit } from "../core/fault.ts";
import { invalid, quote } from "../core/quote.ts";

/**
 * How much of each kind a peer may send before the exchange fails. `Infinity` is
 * no limit.
 */
export interface HttpLimits {
  /**
   * Bytes of one response head: status line and field lines, with their line
   * endings. Servers stay below about 16 KiB, except a few that set cookies.
   *
   * @default {65536}
   */
  maxHeadBytes: number;
  /**
   * Bytes of the field lines of one trailer section, with their line endings: as
   * many as for a head.
   *
   * @default {65536}
   */
  maxTrailerBytes: number;
  /**
   * Bytes of chunk extensions in one whole body. Hardly any server sends them, and
   * they have no effect.
   *
   * @default {16384}
   */
  maxChunkExtensionBytes: number;
  /**
   * Interim (1xx) responses before the final one. Servers rarely send more than
   * two.
   *
   * @default {32}
   */
  maxInterimResponses: number;
  /**
   * Field lines of one response head or trailer section. Each costs memory besides
   * its bytes; servers rarely send more than a hundred.
   *
   * @default {1000}
   */
  maxHeaderFields: number;
  /**
   * Bytes of a body that is held in memory. Larger ones are better streamed, which
   * has no limit.
   *
   * @default {1_073_741_824, which is 1 GiB}
   */
  maxBodyBytes: number;
}

/**
 * An exception from strict parsing. None of them can change where a message
 * ends.
 *
 * | exception | effect |
 * |---|---|
 * | `SpaceBeforeColon` | drops whitespace between a field name and its colon, except that `Content-Length` and `Transfer-Encoding` remain errors |
 * | `ControlCharacters` | keeps control characters in a field value, except NUL, CR, and LF |
 * | `RepeatedStatusLine` | skips a status line if it is in place of a field line of the head |
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
   * Exceptions from strict parsing. There are none, because only broken servers
   * need them.
   *
   * @default {[]}
   */
  lenient?: readonly HttpLeniency[] | undefined;
}

/** {@linkcode HttpReceiveOptions} with all defaults filled in. */
export interface ReceiveSettings extends HttpLimits {
  readonly lenient: readonly HttpLeniency[];
}

const LENIENCIES: readonly HttpLeniency[] = [
  "SpaceBeforeColon",
  "ControlCharacters",
  "RepeatedStatusLine",
];

const DEFAULTS: ReceiveSettings = /* @__PURE__ */ Object.freeze({
  maxHeadBytes: 65536,
  maxTrailerBytes: 65536,
  maxChunkExtensionBytes: 16384,
  maxInterimResponses: 32,
  maxHeaderFields: 1000,
  maxBodyBytes: 2 ** 30,
  lenient: /* @__PURE__ */ Object.freeze([]),
});

const NAMES = /* @__PURE__ */ Object.keys(DEFAULTS) as readonly (
  keyof ReceiveSettings
)[];

/**
 * Fills in the options that were not given.
 *
 * @param defaults The settings to use for them.
 * @throws {RangeError} If a limit is not a non-negative integer.
 * @throws {TypeError} If `lenient` is not a list of known exceptions.
 */
export function resolveReceiveOptions(
  options: HttpReceiveOptions | undefined,
  defaults: ReceiveSettings = DEFAULTS,
): ReceiveSettings {
  if (options === undefined || options === defaults) return defaults;
  let settings: Record<string, unknown> | null = null;
  for (const name of NAMES) {
    const value = options[name];
    if (value === undefined) continue;
    settings ??= { ...defaults };
    settings[name] = name === "lenient"
      ? checkLenient(value)
      : checkLimit(name, value);
  }
  return settings as ReceiveSettings | null ?? defaults;
}

/** Checks a list of exceptions, and copies it. */
function checkLenient(lenient: unknown): HttpLeniency[] {
  if (!Array.isArray(lenient)) {
    throw invalid("option", "lenient is not an array");
  }
  return lenient.map((name) => {
    if (LENIENCIES.includes(name)) return name;
    throw invalid("option", `lenient has ${quote(name)}`);
  });
}
