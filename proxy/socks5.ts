/**
 * Connecting through a SOCKS5 proxy (RFC 1928, and RFC 1929 for passwords).
 *
 * @module
 */

// The states, and the message written on the way from one to the next:
//
//   Start ──greeting──> Method ──login──> Login ──request──> Reply ──> Ok
//                          └─────────────request──────────────┘
//
// Start reads nothing. In the others, end of file is an error, and so is a
// message of another version.

import type {
  Err,
  HttpCoroutine,
  WantsRead,
  WantsWrite,
} from "../coroutine.ts";
import type { Input } from "../core/input.ts";
import { Machine, WANTS_READ } from "../core/machine.ts";
import { invalid, quote, quoteBytes } from "../core/quote.ts";
import { HttpError } from "../error.ts";
import { checkPort, unbracket } from "../rfc9110/_url.ts";
import { exposeValue, findTextFault, type Secret } from "../rfc9110/secret.ts";
import { formatAddress, parseIpv4, parseIpv6 } from "./_address.ts";

/** The address that a proxy should connect to, or has connected from. */
export interface Socks5Address {
  /** A name or an IP address. An IPv6 address may have brackets. */
  readonly hostname: string;
  /** The TCP port. */
  readonly port: number;
}

/** Options of {@linkcode Socks5Connect}. */
export interface Socks5Options {
  /**
   * The username, 1 to 255 bytes in UTF-8.
   *
   * @default {no authentication}
   */
  readonly username?: string | undefined;
  /**
   * The password, 1 to 255 bytes in UTF-8. Required with a username.
   *
   * @default {no authentication}
   */
  readonly password?: string | Secret | undefined;
}

/** The steps of {@linkcode Socks5Connect}. */
export type Socks5ConnectResult =
  | WantsRead
  | WantsWrite
  | Err
  | {
    /** Tells the steps apart: the connection is a tunnel to the target. */
    readonly type: "Ok";
    /** The address that the proxy has connected from, by its own account. */
    readonly bound: Socks5Address;
    /** The first bytes from the target, if they came with the reply. */
    readonly remaining: Uint8Array<ArrayBuffer>;
  };

const VERSION = 5;
const LOGIN_VERSION = 1;
const CONNECT = 1;
const NO_LOGIN = 0;
const LOGIN = 2;
const NO_METHOD = 0xff;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/** The values of REP other than 0 (RFC 1928 §6), in its words. */
const REFUSALS = [
  "general SOCKS server failure",
  "connection not allowed by ruleset",
  "Network unreachable",
  "Host unreachable",
  "Connection refused",
  "TTL expired",
  "Command not supported",
  "Address type not supported",
] as const;

type State = "Start" | "Method" | "Login" | "Reply";

/**
 * Asks a SOCKS5 proxy to connect to a target.
 *
 * Names are sent as names: the proxy resolves them. A username and password are
 * offered only if there are any. A refusal is an {@linkcode HttpError} with the code
 * `ProxyRefused`; a reply that breaks the protocol, one with `InvalidProxyReply`.
 *
 * @example Connect by name
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Socks5Connect } from "@pimalaya/io-http/proxy";
 *
 * const connect = new Socks5Connect({ hostname: "example.org", port: 443 });
 * assertEquals(connect.resume(), {
 *   type: "WantsWrite",
 *   bytes: new Uint8Array([5, 1, 0]),
 * });
 * assertEquals(connect.resume().type, "WantsRead");
 *
 * // The proxy asks for no authentication, so the target follows.
 * assertEquals(connect.resume(new Uint8Array([5, 0])).type, "WantsWrite");
 *
 * const step = connect.resume(new Uint8Array([5, 0, 0, 1, 192, 0, 2, 1, 4, 0]));
 * assertEquals(
 *   step.type === "Ok" && step.bound,
 *   { hostname: "192.0.2.1", port: 1024 },
 * );
 * ```
 */
export class Socks5Connect implements HttpCoroutine<Socks5ConnectResult> {
  readonly #target: string;
  readonly #request: Uint8Array<ArrayBuffer>;
  readonly #login: Uint8Array<ArrayBuffer> | null;
  readonly #machine: Machine<Socks5ConnectResult>;
  #state: State = "Start";

  /**
   * Prepares the messages.
   *
   * @param target The address to connect to.
   * @param options The username and password.
   * @throws {TypeError} If the hostname is not 1 to 255 visible ASCII characters,
   * or if a username or password is not 1 to 255 bytes or lacks the other.
   * @throws {RangeError} If the port is not an integer from 1 to 65535.
   */
  constructor(target: Socks5Address, options: Socks5Options = {}) {
    this.#target = target.hostname;
    this.#request = encodeRequest(target);
    this.#login = encodeLogin(options);
    this.#machine = new Machine((input) => this.#step(input));
  }

  /**
   * Takes one step.
   *
   * @param bytes The bytes just read, `null` at end of file, or nothing.
   * @returns The next step.
   */
  resume(bytes?: Uint8Array | null): Socks5ConnectResult {
    return this.#machine.resume(bytes);
  }

  #step(input: Input): Socks5ConnectResult {
    switch (this.#state) {
      case "Start":
        return this.#greet();
      case "Method":
        return this.#readMethod(input);
      case "Login":
        return this.#readLoginReply(input);
      case "Reply":
        return this.#readReply(input);
    }
  }

  #greet(): WantsWrite {
    const methods = this.#login === null ? [NO_LOGIN] : [NO_LOGIN, LOGIN];
    return this.#write([VERSION, methods.length, ...methods], "Method");
  }

  #readMethod(input: Input): WantsRead | WantsWrite {
    const name = "choice of a method";
    if (!this.#hasBytes(input, 2, VERSION, name)) return WANTS_READ;
    const method = input.bytes[input.start + 1]!;
    if (method === NO_LOGIN) {
      input.start += 2;
      return this.#write(this.#request, "Reply");
    }
    if (method === LOGIN && this.#login !== null) {
      input.start += 2;
      return this.#write(this.#login, "Login");
    }
    if (method === NO_METHOD) {
      const how = this.#login === null
        ? "without a username and password"
        : "with a username and password";
      throw this.#refused(`it lets no one in ${how}`);
    }
    throw invalidReply(input, name, `method ${method} was not offered`);
  }

  #readLoginReply(input: Input): WantsRead | WantsWrite {
    const name = "reply to the username and password";
    if (!this.#hasBytes(input, 2, LOGIN_VERSION, name)) return WANTS_READ;
    if (input.bytes[input.start + 1] !== 0) {
      throw this.#refused("the username or password is wrong");
    }
    input.start += 2;
    return this.#write(this.#request, "Reply");
  }

  #readReply(input: Input): Socks5ConnectResult {
    const name = "reply";
    if (!this.#hasBytes(input, 2, VERSION, name)) return WANTS_READ;
    const { bytes, start } = input;
    const code = bytes[start + 1]!;
    if (code !== 0) {
      const refusal = REFUSALS[code - 1] ?? "an unassigned code";
      throw this.#refused(`${refusal} (${code})`);
    }
    // The reserved byte after the code has no meaning, so any value is accepted.
    if (!this.#hasBytes(input, 4, VERSION, name)) return WANTS_READ;
    const type = bytes[start + 3]!;
    if (![IPV4, IPV6, NAME].includes(type)) {
      throw invalidReply(input, name, `address type ${type} is unknown`);
    }
    if (!this.#hasBytes(input, 5, VERSION, name)) return WANTS_READ;
    const at = start + (type === NAME ? 5 : 4);
    const length = addressLength(type, bytes[start + 4]!);
    const end = at + length + 2;
    if (!this.#hasBytes(input, end - start, VERSION, name)) return WANTS_READ;
    const address = bytes.subarray(at, at + length);
    const port = (bytes[end - 2]! << 8) | bytes[end - 1]!;
    input.start = end;
    const hostname = type === NAME
      ? String.fromCharCode(...address)
      : formatAddress(address);
    const remaining = input.takeRest();
    return { type: "Ok", bound: { hostname, port }, remaining };
  }

  #write(bytes: ArrayLike<number>, next: State): WantsWrite {
    this.#state = next;
    return { type: "WantsWrite", bytes: Uint8Array.from(bytes) };
  }

  /**
   * Returns whether a message of `count` bytes has arrived, and checks its version.
   *
   * @throws {HttpError} If the version is wrong, or if the input has ended.
   */
  #hasBytes(
    input: Input,
    count: number,
    version: number,
    name: string,
  ): boolean {
    const { bytes, start, end } = input;
    if (start < end && bytes[start] !== version) {
      throw invalidReply(input, name, `it is not version ${version}`);
    }
    if (end - start >= count) return true;
    if (!input.eof) return false;
    const isSilent = this.#state === "Method" && start === end;
    throw new HttpError(
      isSilent ? "NoResponse" : "UnexpectedEof",
      `Cannot connect to ${quote(this.#target)}: the SOCKS proxy ended the ` +
        `connection before the end of its ${name}`,
    );
  }

  #refused(reason: string): HttpError {
    return new HttpError(
      "ProxyRefused",
      `Cannot connect to ${quote(this.#target)}: the SOCKS proxy refused: ` +
        reason,
    );
  }
}

function addressLength(type: number, nameLength: number): number {
  if (type === NAME) return nameLength;
  return type === IPV4 ? 4 : 16;
}

function invalidReply(
  { bytes, start, end }: Input,
  name: string,
  reason: string,
): HttpError {
  return new HttpError(
    "InvalidProxyReply",
    `Cannot read the ${name} of the SOCKS proxy, ` +
      `${quoteBytes(bytes, start, end)}: ${reason}`,
  );
}

function encodeRequest({ hostname, port }: Socks5Address) {
  checkPort("target", port);
  return Uint8Array.from([
    ...[VERSION, CONNECT, 0],
    ...encodeHost(hostname),
    ...[port >> 8, port & 0xff],
  ]);
}

/** Encodes the type of an address, and the address. */
function encodeHost(hostname: string): number[] {
  const ipv4 = parseIpv4(hostname);
  if (ipv4 !== null) return [IPV4, ...ipv4];
  const ipv6 = parseIpv6(unbracket(hostname));
  if (ipv6 !== null) return [IPV6, ...ipv6];
  if (!/^[\x21-\x7e]{1,255}$/.test(hostname)) {
    throw invalid(
      "hostname",
      `${quote(hostname)} is not 1 to 255 visible ASCII characters`,
    );
  }
  const name = Array.from(hostname, (char) => char.charCodeAt(0));
  return [NAME, name.length, ...name];
}

/** Encodes a username and a password (RFC 1929 §2), if there are any. */
function encodeLogin({ username, password }: Socks5Options) {
  if (username === undefined && password === undefined) return null;
  const parts = [username, exposeValue(password)].map((text = "") => {
    const fault = findTextFault(text);
    if (fault !== null) {
      throw invalid("SOCKS credentials", `the username or password ${fault}`);
    }
    const bytes = new TextEncoder().encode(text);
    if (bytes.length >= 1 && bytes.length <= 255 && text.isWellFormed()) {
      return [bytes.length, ...bytes];
    }
    throw invalid(
      "SOCKS credentials",
      "username and password take 1 to 255 bytes each",
    );
  });
  return Uint8Array.from([LOGIN_VERSION, ...parts.flat()]);
}
