// A saved jar. It may come from a file that was edited by hand, so each member is
// checked.

import { isFieldText } from "../rfc9110/_syntax.ts";
import type { HttpCookie } from "./cookie.ts";
import { SAME_SITE } from "./set_cookie.ts";

/**
 * Reads the cookies of a saved jar.
 *
 * @throws {TypeError} If the data is not a saved jar.
 */
export function parseSavedCookies(data: unknown): HttpCookie[] {
  const { version, cookies } = (data ?? {}) as Record<string, unknown>;
  if (version !== 1 || !Array.isArray(cookies)) {
    throw new TypeError("Cannot restore the jar: it is not a saved jar");
  }
  return cookies.map((cookie: unknown, index) => {
    if (!isCookie(cookie)) {
      throw new TypeError(
        `Cannot restore the jar: its cookie ${index} is not a saved cookie`,
      );
    }
    return pickMembers(cookie);
  });
}

function isCookie(data: unknown): data is HttpCookie {
  const it = (data ?? {}) as Record<keyof HttpCookie, unknown>;
  return isText(it.name) && isText(it.value) && isText(it.domain) &&
    isText(it.path) && it.path.startsWith("/") &&
    isFlag(it.hostOnly) && isFlag(it.secure) && isFlag(it.httpOnly) &&
    SAME_SITE.some((known) => known === it.sameSite) &&
    (it.expires === null || isTime(it.expires)) &&
    isTime(it.created) && isTime(it.lastAccess);
}

/** Leaves out members that a later version may have added. */
function pickMembers(cookie: HttpCookie): HttpCookie {
  const { name, value, domain, path, hostOnly, secure, httpOnly } = cookie;
  const { sameSite, expires, created, lastAccess } = cookie;
  const texts = { name, value, domain, path };
  const flags = { hostOnly, secure, httpOnly };
  return { ...texts, ...flags, sameSite, expires, created, lastAccess };
}

/** Returns true for text that cannot break a `Cookie` field apart. */
function isText(value: unknown): value is string {
  return typeof value === "string" && isFieldText(value) &&
    !value.includes(";");
}

function isFlag(value: unknown): boolean {
  return typeof value === "boolean";
}

function isTime(value: unknown): boolean {
  return Number.isFinite(value);
}
