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
    const key = keyOf(cookie);
    const last = this.#domains.get(cookie.domain)?.get(key);
    // An expired cookie does not count, even if it is still here.
    if (last !== undefined && isExpired(last, now)) this.remove(last);
    const domain = this.#domains.get(cookie.domain);
    const old = domain?.get(key);
    const { created, order } = old ?? { ...cookie, order: this.#order++ };
    const stored = { ...cookie, created, order };
    if (isExpired(stored, now)) {
      if (old !== undefined) this.remove(old);
    } else if (domain !== undefined && old !== undefined) {
      domain.set(key, stored);
      this.#secure.delete(old);
      if (stored.secure) this.#secure.add(stored);
    } else {
      this.#insert(stored, key, now);
    }
    return stored;
  }

  /** Removes a cookie that is stored. */
  remove(cookie: HttpCookie): void {
    const domain = this.#domains.get(cookie.domain);
    const key = keyOf(cookie);
    const stored = domain?.get(key);
    if (domain === undefined || stored === undefined) return;
    domain.delete(key);
    this.#secure.delete(stored);
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

  #insert(cookie: StoredCookie, key: string, now: number): void {
    let domain = this.#domains.get(cookie.domain);
    if (domain === undefined) {
      this.#domains.set(cookie.domain, domain = new Map());
    }
    domain.set(key, cookie);
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
