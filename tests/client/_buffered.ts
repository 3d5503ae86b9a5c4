// What the tests of buffered exchanges share: signals that count who listens,
// coroutines that play a script, and pairs of sockets.

import { type HttpCoroutine, HttpRequest } from "@pimalaya/io-http";
import { toBytes, toText } from "../_text.ts";
import { SITE } from "./_exchange.ts";

/** An answer with a body of two bytes, after which the connection goes on. */
export const HI = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/** An answer after which the connection speaks something else. */
export const SWITCH = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

/** A request for that. */
export function upgrade(): HttpRequest {
  const headers = { Connection: "upgrade", Upgrade: "x" };
  return HttpRequest.get(SITE, { headers });
}

/** Both kinds of pipe, and how a test calls them. */
export const PIPES = [
  ["a byte stream", { bytes: true }],
  ["a plain stream", { bytes: false }],
] as const;

/** A signal, and how many listeners it has. */
export interface WatchedSignal {
  readonly signal: AbortSignal;
  readonly listeners: () => number;
  readonly abort: (reason?: unknown) => void;
}

/** Makes a signal that counts its listeners. */
export function watchedSignal(): WatchedSignal {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (type: string, listener: EventListener) => {
    listeners.add(listener);
    addEventListener.call(signal, type, listener);
  };
  signal.removeEventListener = (type: string, listener: EventListener) => {
    listeners.delete(listener);
    removeEventListener.call(signal, type, listener);
  };
  return {
    signal,
    listeners: () => listeners.size,
    abort: (reason) => controller.abort(reason),
  };
}

/** A step of a scripted coroutine. */
export type ScriptStep =
  | { readonly type: "WantsRead" }
  | { readonly type: "WantsWrite"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: "Pause"; readonly bytes?: Uint8Array }
  | { readonly type: "Ok"; readonly remaining?: Uint8Array };

/** The step that writes a text. */
export function write(text: string): ScriptStep {
  return { type: "WantsWrite", bytes: toBytes(text) };
}

/** The step that reads. */
export const READ: ScriptStep = { type: "WantsRead" };

/** A coroutine that plays a script, its last step for ever. */
export class Script implements HttpCoroutine<ScriptStep> {
  /** What was passed to each call, as Latin-1. */
  readonly passed: (string | undefined)[] = [];
  readonly #steps: ScriptStep[];

  constructor(...steps: ScriptStep[]) {
    this.#steps = steps;
  }

  resume(bytes?: Uint8Array): ScriptStep {
    this.passed.push(bytes === undefined ? undefined : toText(bytes));
    return this.#steps.length > 1 ? this.#steps.shift()! : this.#steps[0]!;
  }
}

/** Two ends of a TCP connection over loopback. */
export async function tcpPair(): Promise<
  { near: Deno.TcpConn; far: Deno.TcpConn }
> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const [near, far] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    listener.accept(),
  ]);
  return { near, far };
}

/** Writes all of a text. */
export async function writeText(conn: Deno.Conn, text: string): Promise<void> {
  const bytes = toBytes(text);
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}

/** Reads what is there, as Latin-1; an empty text at end of file. */
export async function readSome(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(65536);
  return toText(buffer.subarray(0, await conn.read(buffer) ?? 0));
}

/** Reads until a text has come, and gives all that came. */
export async function readUntil(
  conn: Deno.Conn,
  text: string,
): Promise<string> {
  let all = "";
  while (!all.includes(text)) {
    const piece = await readSome(conn);
    if (piece === "") throw new Error(`The peer ended before ${text}`);
    all += piece;
  }
  return all;
}

/** Reads up to end of file. */
export async function readToEnd(conn: Deno.Conn): Promise<string> {
  let all = "";
  for (let text = await readSome(conn); text; text = await readSome(conn)) {
    all += text;
  }
  return all;
}
