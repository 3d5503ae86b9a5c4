// An API whose tokens are good for a few requests.

import { elsewhere, type Server } from "./_server.ts";

/** An API, and the issuer of its tokens. */
export interface Api extends Server {
  issueToken(): Promise<string>;
}

const USES_PER_TOKEN = 6;

/** Starts an API. */
export function openApi(given?: string): Api {
  let token = "";
  let left = 0;
  function issueToken(): Promise<string> {
    token = crypto.randomUUID();
    left = USES_PER_TOKEN;
    return Promise.resolve(token);
  }
  if (given !== undefined) return { ...elsewhere(given), issueToken };

  function respond(request: Request): Response {
    const authorization = request.headers.get("authorization");
    if (authorization === `Bearer ${token}` && left-- > 0) {
      return Response.json({ hello: "world" });
    }
    const error = authorization === null ? "" : ', error="invalid_token"';
    return new Response(null, {
      status: 401,
      headers: { "WWW-Authenticate": `Bearer realm="api"${error}` },
    });
  }

  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const server = Deno.serve(options, respond);
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    issueToken,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
