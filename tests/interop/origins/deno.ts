// The origin on `Deno.serve`.

import { answer, readOptions } from "./answer.mjs";

const options = readOptions(Deno.args[0]);

async function respond(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const { status, headers, body } = answer(
    options,
    pathname,
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
    case "file":
      return new Response((await Deno.open(body.path)).readable, init);
    case "echo":
      // Read to its end first: else the server closes the connection.
      return new Response(await request.bytes(), init);
  }
}

function listen(tls: { cert?: string; key?: string }): number {
  const { addr } = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, ...tls },
    respond,
  );
  return (addr as Deno.NetAddr).port;
}

const port = listen({});
const tlsPort = listen({
  cert: Deno.readTextFileSync(options.cert),
  key: Deno.readTextFileSync(options.key),
});
console.log(JSON.stringify({ port, tlsPort }));
