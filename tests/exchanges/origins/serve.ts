// The origin on `Deno.serve`, or on `Bun.serve` if this is Bun.

import { readFileSync } from "node:fs";
import process from "node:process";
import { answer, readOptions } from "./answer.mjs";

// The members of Bun in use here.
declare const Bun: {
  file(path: string): Blob;
  serve(options: {
    hostname: string;
    port: number;
    fetch: typeof respond;
    tls?: { cert: string; key: string };
  }): { readonly port: number };
};

const isBun = "Bun" in globalThis;
const options = readOptions(process.argv[2]);

async function respond(request: Request): Promise<Response> {
  const { status, headers, body } = answer(
    options,
    new URL(request.url).pathname,
    (name) => request.headers.get(name),
  );
  const init = { status, headers };
  switch (body.kind) {
    case "none":
      return new Response(null, init);
    case "bytes":
      return new Response(body.bytes, init);
    case "pieces":
      return new Response(ReadableStream.from(body.pieces), init);
    case "file": {
      const { path } = body;
      if (isBun) return new Response(Bun.file(path), init);
      return new Response((await Deno.open(path)).readable, init);
    }
    case "echo":
      // Read to its end first: else Deno closes the connection.
      return new Response(await request.bytes(), init);
  }
}

function listen(tls?: { cert: string; key: string }): number {
  const where = { hostname: "127.0.0.1", port: 0 };
  if (isBun) {
    return Bun.serve({ ...where, fetch: respond, ...tls && { tls } }).port;
  }
  return Deno.serve({ ...where, onListen() {}, ...tls }, respond).addr.port;
}

const port = listen();
const otherPort = listen({
  cert: readFileSync(options.cert, "utf8"),
  key: readFileSync(options.key, "utf8"),
});
console.log(JSON.stringify({ port, otherPort }));
