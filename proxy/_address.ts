// IP addresses as bytes: 4 for IPv4, 16 for IPv6.

import { tryParseUrl } from "../rfc9110/_url.ts";

/** Parses an IPv4 address in four decimal numbers. Returns null for other text. */
export function parseIpv4(text: string): Uint8Array<ArrayBuffer> | null {
  const parts = text.split(".");
  const isAddress = parts.length === 4 &&
    parts.every((part) =>
      /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255
    );
  return isAddress ? Uint8Array.from(parts, Number) : null;
}

/** Parses an IPv6 address without brackets. Returns null for other text. */
export function parseIpv6(text: string): Uint8Array<ArrayBuffer> | null {
  const canonical = canonicalizeIpv6(text);
  if (canonical === null) return null;
  // At most one "::", and no dotted part: eight groups, or fewer around it.
  const [head, tail] = canonical.split("::").map((side) =>
    side === "" ? [] : side.split(":").map((group) => parseInt(group, 16))
  );
  const last = tail ?? [];
  const zeros = new Array(8 - head!.length - last.length).fill(0);
  const groups = [...head!, ...zeros, ...last];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** Formats an address as in RFC 5952, without brackets. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from(
    { length: 8 },
    (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16),
  );
  return canonicalizeIpv6(groups.join(":"))!;
}

/** A URL parser accepts every form of an IPv6 address, and returns one of them. */
function canonicalizeIpv6(text: string): string | null {
  if (!/^[0-9a-f:.]+$/i.test(text)) return null;
  return tryParseUrl(`http://[${text}]`)?.hostname.slice(1, -1) ?? null;
}
