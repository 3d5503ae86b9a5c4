// The other side of Digest, written independently: it parses an Authorization
// field and checks it with the hashes of node:crypto.

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** A field of Authorization, with quotes and escapes still on. */
export type RawParams = Record<string, string>;

const HASHES = {
  "md5": "md5",
  "sha-256": "sha256",
  "sha-512-256": "sha512-256",
} as const;

/** Splits `Digest a=b, c="d"` into its parameters as they are written. */
export function parseRaw(value: string): RawParams {
  const params: RawParams = {};
  let rest = value.replace(/^Digest /, ", ");
  while (rest !== "") {
    const match = /^, ([a-z*]+)=("(?:[^"\\]|\\.)*"|[^",\s]+)/.exec(rest);
    if (match === null) throw new Error(`Not parameters: ${rest}`);
    const [whole, name, text] = match as unknown as [string, string, string];
    if (name in params) throw new Error(`Twice: ${name}`);
    params[name] = text;
    rest = rest.slice(whole.length);
  }
  return params;
}

/** Removes quotes and escapes. */
export function unquote(text: string | undefined): string | undefined {
  return text?.startsWith('"')
    ? text.slice(1, -1).replace(/\\(.)/g, "$1")
    : text;
}

/** A server's view of its user, its request, and its session. */
export interface Knowledge {
  readonly username: string;
  readonly password: string;
  readonly method: string;
  readonly body?: Uint8Array;
  /** The nonce and cnonce that a session began with. */
  readonly start?: { readonly nonce: string; readonly cnonce: string };
}

/** Calculates `response`; with an empty method, `rspauth` (RFC 7616 §3.4, §3.5). */
export function expectedResponse(params: RawParams, known: Knowledge): string {
  const get = (name: string) => unquote(params[name]);
  const algorithm = (get("algorithm") ?? "MD5").toLowerCase();
  const name = algorithm.replace("-sess", "") as keyof typeof HASHES;
  const hash = (...parts: (string | Uint8Array)[]) => {
    const state = createHash(HASHES[name]);
    for (const part of parts) {
      state.update(
        typeof part === "string" ? Buffer.from(part, "latin1") : part,
      );
    }
    return state.digest("hex");
  };
  const utf8 = (text: string) => Buffer.from(text, "utf8");
  let secret = hash(
    utf8(known.username),
    `:${get("realm")}:`,
    utf8(known.password),
  );
  if (algorithm.endsWith("-sess")) {
    const { nonce, cnonce } = known.start ??
      { nonce: get("nonce"), cnonce: get("cnonce") };
    secret = hash(`${secret}:${nonce}:${cnonce}`);
  }
  const qop = get("qop");
  const body = qop === "auth-int" ? `:${hash(known.body ?? "")}` : "";
  const request = hash(`${known.method}:${get("uri")}${body}`);
  const middle = qop === undefined
    ? get("nonce")
    : `${get("nonce")}:${get("nc")}:${get("cnonce")}:${qop}`;
  return hash(`${secret}:${middle}:${request}`);
}
