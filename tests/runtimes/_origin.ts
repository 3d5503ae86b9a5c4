// The server that the client's cases talk to: Deno's own.

const LARGE_BYTES = 4_000_000;
const LARGE_PIECE_BYTES = 40_000;
const LINES = 2000;

const encoder = new TextEncoder();

/** A request whose response has no end. */
interface Held {
  readonly arrived: PromiseWithResolvers<void>;
  readonly ended: PromiseWithResolvers<void>;
}

type Handler = (
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
) => Response | Promise<Response>;

/** Starts the server on a port of 127.0.0.1. */
export function startOrigin(): Deno.HttpServer<Deno.NetAddr> {
  const handlers = makeHandlers();
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request, info) => {
      const handler = handlers[new URL(request.url).pathname];
      return handler?.(request, info) ?? new Response(null, { status: 404 });
    },
  );
}

function makeHandlers(): Readonly<Record<string, Handler>> {
  const held = new Map<string, Held>();
  const find = (request: Request) => {
    const id = new URL(request.url).search;
    let entry = held.get(id);
    if (entry === undefined) {
      entry = {
        arrived: Promise.withResolvers<void>(),
        ended: Promise.withResolvers<void>(),
      };
      held.set(id, entry);
    }
    return entry;
  };
  return {
    "/hello": () => new Response("hello"),
    "/echo": echo,
    "/moved": () =>
      new Response(null, { status: 302, headers: { location: "/lines" } }),
    "/lines": () => new Response(ReadableStream.from(makeLines())),
    "/large": () => new Response(ReadableStream.from(makeLarge())),
    "/sum": sum,
    "/events": events,
    "/early": early,
    "/socket": upgrade,
    "/hang": (request) => hang(find(request)),
    "/endless": (request) => sendWithoutEnd(find(request)),
    "/arrived": async (request) => {
      await find(request).arrived.promise;
      return new Response("yes");
    },
    "/ended": async (request) => {
      await find(request).ended.promise;
      return new Response("yes");
    },
  };
}

function echo(
  request: Request,
  { remoteAddr }: Deno.ServeHandlerInfo<Deno.NetAddr>,
): Response {
  const headers = { "x-client-port": String(remoteAddr.port) };
  return new Response(request.body, { headers });
}

/** Pieces that are there at once, so that many come with one read. */
function makeLines(): Uint8Array<ArrayBuffer>[] {
  return Array.from(
    { length: LINES },
    (_, i) => encoder.encode(`line ${i}\n`),
  );
}

function* makeLarge(): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < LARGE_BYTES; at += LARGE_PIECE_BYTES) {
    yield Uint8Array.from(
      { length: LARGE_PIECE_BYTES },
      (_, i) => (at + i) % 251,
    );
  }
}

async function sum(request: Request): Promise<Response> {
  const bytes = await request.bytes();
  let total = 0;
  for (const byte of bytes) total += byte;
  return Response.json({ length: bytes.length, sum: total });
}

/** Answers after the first piece of a body, and reads no more of it. */
async function early(request: Request): Promise<Response> {
  await request.body?.getReader().read();
  return new Response("enough", { status: 413 });
}

function events(): Response {
  const body = "retry: 250\n\nid: 1\ndata: one\ndata: more\n\n" +
    ": nothing\n\nevent: two\ndata: 2 \u{1f980}\n\ndata: without an end";
  return new Response(body, {
    headers: { "content-type": "text/event-stream" },
  });
}

function upgrade(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onopen = () => socket.send("hello");
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
}

/** A body of which nothing comes; its end is that of the connection. */
function hang({ arrived, ended }: Held): Response {
  arrived.resolve();
  return new Response(new ReadableStream({ cancel: () => ended.resolve() }));
}

function sendWithoutEnd({ ended }: Held): Response {
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(10_000)),
    cancel: () => ended.resolve(),
  });
  return new Response(body);
}
