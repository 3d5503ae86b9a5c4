// One Set-Cookie value (RFC 6265bis §5.6). The last attribute of a name counts,
// and an attribute that is invalid is skipped.

import {
  equalsIgnoringCase,
  isFieldText,
  trimBlanks,
} from "../rfc9110/_syntax.ts";
import { parseCookieDate } from "./cookie_date.ts";

/** The longest life of a cookie, in milliseconds: 400 days. */
const MAX_AGE_MILLISECONDS = 400 * 24 * 60 * 60 * 1000;

// The draft's own limits, in bytes.
const MAX_PAIR_BYTES = 4096;
const MAX_ATTRIBUTE_BYTES = 1024;

const MAX_AGE = /^-?\d+$/;

/** The `SameSite` attribute; `"Default"` if it is absent or unknown. */
export type HttpSameSite = "Default" | "None" | "Lax" | "Strict";

/** The values of {@linkcode HttpSameSite}. */
export const SAME_SITE: readonly HttpSameSite[] = [
  "Default",
  "None",
  "Lax",
  "Strict",
];

/** One Set-Cookie value as it was parsed. */
export interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** In lowercase and without a leading dot; empty if absent. */
  domain: string;
  /** `null` if it is absent or does not start with a slash. */
  path: string | null;
  secure: boolean;
  httpOnly: boolean;
  sameSite: HttpSameSite;
  /** Milliseconds since the epoch; `null` for a session cookie. */
  expires: number | null;
}

/** Why a Set-Cookie value is not a cookie. */
export type SetCookieFault = "ControlCharacter" | "TooLarge" | "Empty";

/**
 * Parses one Set-Cookie value.
 *
 * @param now The current time, in milliseconds since the epoch.
 * @throws {TypeError} If a character is above 0xFF: field values are bytes.
 */
export function parseSetCookie(
  text: string,
  now: number,
): SetCookie | SetCookieFault {
  if (/[\u0100-\uffff]/.test(text)) {
    throw new TypeError(
      "Cannot store the cookie: a character is above 0xFF, and field values " +
        "are byte strings",
    );
  }
  if (!isFieldText(text)) return "ControlCharacter";
  const semicolon = indexOrEnd(text, ";", 0);
  const equals = text.indexOf("=");
  const hasName = equals >= 0 && equals < semicolon;
  const name = hasName ? trimBlanks(text.slice(0, equals)) : "";
  const value = trimBlanks(text.slice(hasName ? equals + 1 : 0, semicolon));
  if (name.length + value.length > MAX_PAIR_BYTES) return "TooLarge";
  if (name === "" && value === "") return "Empty";
  const cookie: SetCookie = {
    name,
    value,
    domain: "",
    path: null,
    secure: false,
    httpOnly: false,
    sameSite: "Default",
    expires: null,
  };
  readAttributes(cookie, text, semicolon, now);
  return cookie;
}

function readAttributes(
  cookie: SetCookie,
  text: string,
  start: number,
  now: number,
): void {
  let expires: number | null = null;
  let maxAge: number | null = null;
  for (let at = start; at < text.length;) {
    const end = indexOrEnd(text, ";", at + 1);
    const attribute = text.slice(at + 1, end);
    at = end;
    const equals = indexOrEnd(attribute, "=", 0);
    const value = trimBlanks(attribute.slice(equals + 1));
    if (value.length > MAX_ATTRIBUTE_BYTES) continue;
    switch (trimBlanks(attribute.slice(0, equals)).toLowerCase()) {
      case "expires":
        expires = parseCookieDate(value) ?? expires;
        break;
      case "max-age":
        if (MAX_AGE.test(value)) maxAge = Number(value) * 1000;
        break;
      case "domain":
        cookie.domain = (value.startsWith(".") ? value.slice(1) : value)
          .toLowerCase();
        break;
      case "path":
        cookie.path = value.startsWith("/") ? value : null;
        break;
      case "secure":
        cookie.secure = true;
        break;
      case "httponly":
        cookie.httpOnly = true;
        break;
      case "samesite":
        cookie.sameSite = SAME_SITE.find((known) =>
          equalsIgnoringCase(known, value)
        ) ??
          "Default";
        break;
    }
  }
  if (maxAge !== null) expires = maxAge <= 0 ? -Infinity : now + maxAge;
  if (expires !== null) {
    // Any time in the past deletes the cookie.
    cookie.expires = Math.max(0, Math.min(expires, now + MAX_AGE_MILLISECONDS));
  }
}

function indexOrEnd(text: string, search: string, start: number): number {
  const index = text.indexOf(search, start);
  return index < 0 ? text.length : index;
}
