// Telling Deno's own connections from what looks like them.

import type { DenoConn } from "./deno.ts";

/** The classes of connections that Deno returns; it does not export them. */
const CLASSES: readonly string[] = ["TcpConn", "UnixConn", "TlsConn"];

/**
 * Returns whether a stream is a connection of Deno's, and not a `Proxy` of one
 * or an object that inherits from one: their streams may differ from it.
 */
export function isDenoConn<T extends object>(
  stream: T,
): stream is T & DenoConn {
  if (!("Deno" in globalThis)) return false;
  const prototype = Object.getPrototypeOf(stream);
  if (!CLASSES.includes(prototype?.constructor?.name)) return false;
  const base = Object.getPrototypeOf(prototype);
  const getter = base && Object.getOwnPropertyDescriptor(base, "remoteAddr")
    ?.get;
  try {
    // It reads a private member of `stream`, which only a real one has.
    return getter !== undefined && getter.call(stream) !== undefined;
  } catch {
    return false;
  }
}
