// A camera that wants Digest (RFC 7616) and knows one user.

import { createHash } from "node:crypto";
import { elsewhere, type Server } from "./_server.ts";

const REALM = "camera";
const USERNAME = "admin";
const PASSWORD = "secret";

/** Starts a camera. */
export function openCamera(given?: string): Server {
  if (given !== undefined) return elsewhere(given);
  const nonce = crypto.randomUUID();
  let lastCount = 0;

  function respond(request: Request): Response {
    const value = request.headers.get("authorization") ?? "";
    const params = Object.fromEntries(
      [...value.matchAll(/(\w+)="?([^",]*)"?/g)].map((
        [, name, text],
      ) => [name, text]),
    );
    const count = parseInt(params["nc"] ?? "0", 16);
    const isFresh = params["nonce"] === nonce && count > lastCount;
    if (!isFresh || params["response"] !== expected(request.method, params)) {
      const challenge =
        `Digest realm="${REALM}", nonce="${nonce}", qop="auth", algorithm=SHA-256`;
      return new Response("Who are you?\n", {
        status: 401,
        headers: { "WWW-Authenticate": challenge },
      });
    }
    lastCount = count;
    return new Response(new Uint8Array(1000), {
      headers: { "Content-Type": "image/jpeg" },
    });
  }

  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const server = Deno.serve(options, respond);
  const userinfo = `${USERNAME}:${PASSWORD}@`;
  return {
    url: `http://${userinfo}127.0.0.1:${server.addr.port}/snapshot.jpg`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function expected(
  method: string,
  { uri, nonce, nc, cnonce, qop }: Record<string, string | undefined>,
): string {
  const secret = hash(`${USERNAME}:${REALM}:${PASSWORD}`);
  const request = hash(`${method}:${uri}`);
  return hash([secret, nonce, nc, cnonce, qop, request].join(":"));
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
