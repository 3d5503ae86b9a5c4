// The origin on `Bun.serve`.

import { answer, readOptions } from "./answer.mjs";

// What is used of Bun here.
declare const Bun: {
  readonly argv: string[];
  file(path: string): Blob;
  serve(options: {
    hostname: string;
    port: number;
    fetch(request: Request): Promise<Response>;
    tls?: { cert: Blob; key: Blob };
  }): { readonly port: number };
};

const options = readOptions(Bun.argv[2]);

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
      return new Response(streamOf(body.pieces), init);
    case "file":
      return new Response(Bun.file(body.path), init);
    case "echo":
      return new Response(await request.bytes(), init);
  }
}

function streamOf(
  pieces: readonly Uint8Array<ArrayBuffer>[],
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = [...pieces];
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
}

const where = { hostname: "127.0.0.1", port: 0, fetch: respond };
const { port } = Bun.serve(where);
const { port: tlsPort } = Bun.serve({
  ...where,
  tls: { cert: Bun.file(options.cert), key: Bun.file(options.key) },
});
console.log(JSON.stringify({ port, tlsPort }));
