// Hosts and domains (RFC 6265bis §5.1.3). Both are in lowercase already: the
// URL parser and the Set-Cookie parser see to it.

// No name in the DNS is longer (RFC 1035 §2.3.4). Looking up every domain above a
// longer one would take quadratic time.
const MAX_NAME = 255;

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

/** Returns true if a URL's host is an address. The URL parser has checked it. */
export function isAddress(host: string): boolean {
  return host.startsWith("[") || IPV4.test(host);
}

/** Returns true if `host` is the domain or a name below it. */
export function domainMatches(host: string, domain: string): boolean {
  return host === domain ||
    (host.endsWith(`.${domain}`) && !isAddress(host));
}

/** Lists a host and every domain above it, the longest first. */
export function domainsOf(host: string): string[] {
  const domains = [host];
  if (host.length > MAX_NAME || isAddress(host)) return domains;
  let dot = host.indexOf(".");
  while (dot >= 0) {
    domains.push(host.slice(dot + 1));
    dot = host.indexOf(".", dot + 1);
  }
  return domains;
}
