// Keeps secrets out of logs: credentials in field values, and the userinfo of
// URLs.

import { includesName } from "./_syntax.ts";

/** Replaces each value that is not shown. */
export const REDACTED = "[redacted]";

type Inspect = (value: unknown, options: unknown) => string;

/**
 * Makes `console.log` show the instances of a class as `show` returns them, by
 * default as in JSON.
 *
 * Called from a static field and marked pure, it lets bundlers drop a class
 * that is not used. Most of them keep a class that has a computed member.
 */
export function makeInspectable<T extends { toJSON(): unknown }>(
  type: { readonly prototype: T },
  name: string,
  show: (self: T) => unknown = (self) => self.toJSON(),
): void {
  inspectAs(type.prototype, name, show);
}

/** Makes `console.log` show an object as `show` returns it. */
export function inspectAs<T extends object>(
  target: T,
  name: string,
  show: (self: T) => unknown,
): void {
  // Deno, Node, and Bun call this method. The symbol is in the global registry,
  // so using it imports nothing.
  Object.defineProperty(target, Symbol.for("nodejs.util.inspect.custom"), {
    value(this: T, _depth: unknown, options: unknown, inspect?: Inspect) {
      const shown = show(this);
      return inspect === undefined || typeof shown === "string"
        ? shown
        : `${name} ${inspect(shown, options)}`;
    },
  });
}

// Challenges are not listed: they ask for credentials and contain none.
const SENSITIVE_NAMES = [
  "authorization",
  "proxy-authorization",
  "authentication-info",
  "proxy-authentication-info",
  "cookie",
  "set-cookie",
];

/** Returns whether the values of a field are secret. */
export function isSensitive(name: string): boolean {
  return includesName(SENSITIVE_NAMES, name);
}

// URL parsers take a backslash for a slash, and at the start of an absolute URL
// do without either. They skip control characters before it, and tabs and line
// ends anywhere.
const USERINFO = /([/\\]{2}|^[\0- ]*https?:[/\\]?)[^/\\?#]*@/gi;

/** Replaces the userinfo of each URL in a text. */
export function redactUserinfo(text: string): string {
  const plain = text.replace(/[\t\r\n]/g, "");
  const shown = plain.replace(USERINFO, `$1${REDACTED}@`);
  return shown === plain ? text : shown;
}
