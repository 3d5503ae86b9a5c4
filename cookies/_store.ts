// The cookies of a jar: by domain, then by name and path. It keeps the limits of
// RFC 6265bis §5.7, and does not know requests.

import type { HttpCookie } from "./cookie.ts";
import { domainMatches, domainsOf } from "./domain.ts";

/** A cookie in the store, and the place of its first version in the order. */
export interface StoredCookie extends HttpCookie {
  lastAccess: number;
  /** Breaks the tie between cookies created in the same millisecond. */
  readonly order: number;
}

type Domain = Map<string, StoredCookie>;

/** Cookies within limits. */
export class CookieStore {
  readonly #domains = new Map<string, Domain>();
  /** The Secure cookies, which each insecure response has to search. */
  readonly #secure = new Set<StoredCookie>();
  readonly #maxCookies: number;
  readonly #maxPerDomain: number;
  #size = 0;
  #order = 0;

  constructor(maxCookies: number, maxPerDomain: number) {
    this.#maxCookies = maxCookies;
    this.#maxPerDomain = maxPerDomain;
  }

  /**
   * Stores a cookie in place of the one with the same name, domain, and path,
   * whose creation time it inherits, and evicts others beyond the limits.
   */
  put(cookie: HttpCookie, now: number): HttpCookie {
    const old = this.#domains.get(cookie.domain)?.get(keyOf(cookie));
    if (old !== undefined) this.remove(old);
    // An expired cookie does not count, even if it is still here.
    const { created, order } = old === undefined || isExpired(old, now)
      ? { ...cookie, order: this.#order++ }
      : old;
    const stored = { ...cookie, created, order };
    if (!isExpired(stored, now)) this.#insert(stored, now);
    return stored;
  }

  /** Removes a cookie of the store, if it is still there. */
  remove(cookie: StoredCookie): void {
    const domain = this.#domains.get(cookie.domain);
    const key = keyOf(cookie);
    if (domain === undefined || domain.get(key) !== cookie) return;
    domain.delete(key);
    this.#secure.delete(cookie);
    this.#size--;
    if (domain.size === 0) this.#domains.delete(cookie.domain);
  }

  /** Lists all cookies, the oldest first. */
  all(): StoredCookie[] {
    return [...this.#domains.values()]
      .flatMap((domain) => [...domain.values()])
      .sort((a, b) => a.order - b.order);
  }

  /** Lists the cookies whose domain is the host or above it. */
  *matching(host: string): Generator<StoredCookie> {
    for (const name of domainsOf(host)) {
      for (const cookie of this.#domains.get(name)?.values() ?? []) {
        if (!cookie.hostOnly || name === host) yield cookie;
      }
    }
  }

  /**
   * Lists the Secure cookies of a name whose domain is this one, above it, or
   * below it, and that have not expired.
   */
  *secureRelated(
    name: string,
    domain: string,
    now: number,
  ): Generator<StoredCookie> {
    for (const cookie of this.#secure) {
      if (
        cookie.name === name && !isExpired(cookie, now) &&
        (domainMatches(cookie.domain, domain) ||
          domainMatches(domain, cookie.domain))
      ) yield cookie;
    }
  }

  #insert(cookie: StoredCookie, now: number): void {
    let domain = this.#domains.get(cookie.domain);
    if (domain === undefined) {
      this.#domains.set(cookie.domain, domain = new Map());
    }
    domain.set(keyOf(cookie), cookie);
    if (cookie.secure) this.#secure.add(cookie);
    this.#size++;
    if (domain.size > this.#maxPerDomain) this.#evict([domain], now);
    if (this.#size > this.#maxCookies) this.#evict(this.#domains.values(), now);
  }

  /**
   * Removes the expired cookies, or else one cookie: first one that is not Secure,
   * then the one unused for longest (§5.7).
   */
  #evict(domains: Iterable<Domain>, now: number): void {
    let least: StoredCookie | null = null;
    const expired: StoredCookie[] = [];
    for (const domain of domains) {
      for (const cookie of domain.values()) {
        if (isExpired(cookie, now)) expired.push(cookie);
        if (least === null || mattersLess(cookie, least)) least = cookie;
      }
    }
    if (expired.length === 0 && least !== null) expired.push(least);
    for (const cookie of expired) this.remove(cookie);
  }
}

/** Returns true if a cookie has expired. */
export function isExpired({ expires }: HttpCookie, now: number): boolean {
  return expires !== null && expires <= now;
}

function mattersLess(a: StoredCookie, b: StoredCookie): boolean {
  if (a.secure !== b.secure) return !a.secure;
  return a.lastAccess !== b.lastAccess
    ? a.lastAccess < b.lastAccess
    : a.order < b.order;
}

function keyOf({ name, path, hostOnly }: HttpCookie): string {
  // No name or path contains a line feed.
  return `${hostOnly ? "host" : "domain"}\n${path}\n${name}`;
}
