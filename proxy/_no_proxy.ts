// The entries of `no_proxy`: which hosts are reached without a proxy.
//
//   entry   = host [ ":" port ]
//   host    = "*" / [ "." / "*." ] name / address [ "/" prefix length ]
//   address = IPv4 / IPv6 / "[" IPv6 "]"       the brackets may hold the prefix
//
// Any other entry matches nothing. Names are compared with names and addresses with
// addresses: nothing is resolved.

import { serverOf, tryParseUrl, unbracket } from "../rfc9110/_url.ts";
import { parseIpv4, parseIpv6 } from "./_address.ts";

type Host =
  | { readonly kind: "any" }
  | {
    readonly kind: "network";
    readonly base: Uint8Array;
    readonly bits: number;
  }
  | {
    readonly kind: "domain";
    readonly name: string;
    readonly itself: boolean;
  };

/** One entry. */
export interface NoProxyEntry {
  readonly host: Host;
  /** `null` for every port. */
  readonly port: number | null;
}

/** Parses entries separated by commas or blanks, without those that are invalid. */
export function parseNoProxy(text: string): NoProxyEntry[] {
  return text.split(/[\s,]+/).map(parseEntry).filter((entry) => entry !== null);
}

/** Returns whether an entry matches the host and port of a URL. */
export function matchesNoProxy(
  entries: readonly NoProxyEntry[],
  url: URL,
): boolean {
  const { port } = serverOf(url);
  const name = trimDots(url.hostname);
  const address = parseAddress(name);
  return entries.some((entry) =>
    (entry.port === null || entry.port === port) &&
    matchesHost(entry.host, name, address)
  );
}

function matchesHost(
  host: Host,
  name: string,
  address: Uint8Array | null,
): boolean {
  switch (host.kind) {
    case "any":
      return true;
    case "network":
      return address !== null && contains(host.base, host.bits, address);
    case "domain":
      return name === host.name ? host.itself : name.endsWith(`.${host.name}`);
  }
}

/** Returns whether the first bits of two addresses of one family are the same. */
function contains(
  base: Uint8Array,
  bits: number,
  address: Uint8Array,
): boolean {
  if (base.length !== address.length) return false;
  return base.every((byte, i) => {
    const rest = Math.min(8, Math.max(0, bits - 8 * i));
    return (byte ^ address[i]!) >> (8 - rest) === 0;
  });
}

function parseEntry(text: string): NoProxyEntry | null {
  const parts = splitPort(text);
  if (parts === null) return null;
  const host = parseHost(parts.host);
  // One above 65535 is that of no URL.
  const port = parts.port === "" ? null : Number(parts.port);
  return host && { host, port };
}

/** Splits off the port and removes brackets. Returns null if that is impossible. */
function splitPort(text: string): { host: string; port: string } | null {
  const bracketed = /^\[([^\]]*)\](\/[0-9]+)?(?::([0-9]*))?$/.exec(text);
  if (bracketed !== null) {
    const [, address, prefix = "", port = ""] = bracketed;
    return { host: address + prefix, port };
  }
  // Two colons without brackets are an IPv6 address, which has no port.
  if (/:.*:/.test(text)) return { host: text, port: "" };
  const plain = /^([^:]*)(?::([0-9]*))?$/.exec(text);
  return plain && { host: plain[1]!, port: plain[2] ?? "" };
}

function parseHost(text: string): Host | null {
  if (text === "*") return { kind: "any" };
  const [base, bits, ...more] = text.split("/");
  const address = parseIp(trimDots(base!));
  if (more.length > 0) return null;
  if (address !== null) return parseNetwork(address, bits);
  return bits === undefined ? parseDomain(text) : null;
}

function parseNetwork(
  base: Uint8Array,
  text: string | undefined,
): Host | null {
  const most = base.length * 8;
  if (text !== undefined && !/^[0-9]{1,3}$/.test(text)) return null;
  const bits = text === undefined ? most : Number(text);
  if (bits > most) return null;
  // A network inside `::ffff:0:0/96` is an IPv4 network.
  return isMapped(base) && bits >= 96
    ? { kind: "network", base: base.subarray(12), bits: bits - 96 }
    : { kind: "network", base, bits };
}

function parseDomain(text: string): Host | null {
  const [, dot, rest] = /^(\*\.|\.)?(.*)$/s.exec(text)!;
  const name = canonicalizeName(trimDots(rest!));
  if (name === null) return null;
  // A name that ends in a number is an IPv4 address, with no hosts below it.
  const address = parseIpv4(name);
  if (address === null) return { kind: "domain", name, itself: dot !== "*." };
  return dot === undefined ? parseNetwork(address, undefined) : null;
}

/** Converts a name to the form of URLs: lowercase, in Punycode. */
function canonicalizeName(name: string): string | null {
  if (name === "" || /[/?#@\\:[\]]/.test(name)) return null;
  return tryParseUrl(`http://${name}`)?.hostname ?? null;
}

/** Parses the host of a URL, if it is an address. A mapped IPv4 address is IPv4. */
function parseAddress(host: string): Uint8Array | null {
  const address = parseIp(unbracket(host));
  return address !== null && isMapped(address) ? address.subarray(12) : address;
}

function parseIp(text: string): Uint8Array | null {
  return parseIpv4(text) ?? parseIpv6(text);
}

/** Returns whether an address is an IPv4-mapped one (RFC 4291 §2.5.5.2). */
function isMapped(address: Uint8Array): boolean {
  return address.length === 16 &&
    address.subarray(0, 12).every((byte, i) => byte === (i < 10 ? 0 : 0xff));
}

// Not by a pattern, which would try each dot as the first of the last ones.
function trimDots(name: string): string {
  let end = name.length;
  while (name[end - 1] === ".") end--;
  return name.slice(0, end);
}
