// The responses of the embedded origins.

import { answerCarddav } from "./_carddav.ts";

/** Answers a request. */
export function route(request: Request): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/hello":
      return new Response("Hello, world!\n");
    case "/pieces":
      return answerPieces();
    case "/private":
      return answerPrivate(request);
    case "/old":
      return redirect(301, "/moved");
    case "/moved":
      return redirect(302, elsewhere(request.url, "/hello"));
    case "/.well-known/caldav":
    case "/.well-known/carddav":
      return redirect(301, "/dav/");
    case "/dav/":
    case "/dav/users/aladdin/":
    case "/dav/books/":
      return answerCarddav(request);
    case "/download":
      return answerDownload();
    case "/upload":
      return answerUpload(request);
    case "/events":
      return answerEvents(request);
    case "/websocket":
      return answerWebSocket(request);
    case "/token":
      return answerToken(request);
    case "/.well-known/jmap":
      return redirect(307, "/jmap/session");
    case "/jmap/session":
    case "/jmap/api":
      return answerJmap(request);
    case "/bucket/key":
      return answerBucket(request);
    default:
      return new Response("Not here\n", { status: 404 });
  }
}

/** Answers with a body whose length is not known when it starts. */
function answerPieces(): Response {
  const pieces = ["Hello, ", "in ", "pieces!\n"];
  return new Response(
    ReadableStream.from(pieces).pipeThrough(new TextEncoderStream()),
  );
}

function answerPrivate(request: Request): Response {
  const authorization = request.headers.get("authorization");
  switch (authorization) {
    case `Basic ${btoa("Aladdin:open sesame")}`:
      return new Response("Come in, Aladdin\n");
    case "Bearer a-token":
      return new Response("Come in, holder of a token\n");
  }
  const challenge = 'Basic realm="The cave", Bearer realm="The cave"';
  return new Response("Who are you?\n", {
    status: 401,
    headers: { "WWW-Authenticate": challenge },
  });
}

function redirect(status: number, location: string): Response {
  return new Response(null, { status, headers: { Location: location } });
}

/** The same server under another name, which makes it another origin. */
function elsewhere(url: string, path: string): string {
  const target = new URL(path, url);
  target.hostname = "localhost";
  return target.href;
}

function answerDownload(): Response {
  const piece = new Uint8Array(65536);
  let left = 128;
  const body = new ReadableStream({
    async pull(controller) {
      // Slow enough for people to see the progress.
      await new Promise((resolve) => setTimeout(resolve, 4));
      controller.enqueue(piece);
      if (--left === 0) controller.close();
    },
  });
  return new Response(body, {
    headers: { "Content-Length": `${left * piece.length}` },
  });
}

async function answerUpload(request: Request): Promise<Response> {
  const length = request.headers.get("content-length");
  const { byteLength } = await request.arrayBuffer();
  return new Response(`Announced ${length} bytes, received ${byteLength}\n`);
}

/** Sends two events after the client's last one, and closes. */
function answerEvents(request: Request): Response {
  const last = Number(request.headers.get("last-event-id") ?? 0);
  const events = [last + 1, last + 2].map((id) =>
    `id: ${id}\nevent: tick\ndata: tick number ${id}\n\n`
  );
  return new Response(`retry: 100\n\n${events.join("")}`, {
    headers: { "Content-Type": "text/event-stream" },
  });
}

function answerWebSocket(request: Request): Response {
  if (request.headers.get("upgrade") !== "websocket") {
    return new Response("WebSocket alone\n", { status: 426 });
  }
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
}

let tokens = 0;

/** Issues a token to a client with the secret or a refresh token. */
async function answerToken(request: Request): Promise<Response> {
  const form = new URLSearchParams(await request.text());
  const isKnown = request.headers.get("authorization") ===
    `Basic ${btoa("app:open%20sesame")}`;
  const isRefresh = form.get("grant_type") === "refresh_token";
  if (!isKnown || (isRefresh && !form.get("refresh_token"))) {
    return Response.json({ error: "invalid_client" }, { status: 401 });
  }
  tokens++;
  return Response.json({
    access_token: `access-${tokens}`,
    refresh_token: `refresh-${tokens}`,
    token_type: "Bearer",
    expires_in: 600,
  });
}

/** Answers as a JMAP server with one mailbox. */
async function answerJmap(request: Request): Promise<Response> {
  if (request.headers.get("authorization") !== "Bearer a-token") {
    return new Response(null, { status: 401 });
  }
  const { pathname } = new URL(request.url);
  if (pathname === "/jmap/session") {
    return Response.json({
      apiUrl: new URL("/jmap/api", request.url).href,
      primaryAccounts: { "urn:ietf:params:jmap:mail": "u1" },
    });
  }
  const { methodCalls: [[method, { accountId }, id]] } = await request.json();
  const list = [{ id: "m1", name: "Inbox", totalEmails: 42 }];
  return Response.json({
    methodResponses: [[method, { accountId, list }, id]],
  });
}

/** Answers an upload in `aws-chunked` with the checksum of its trailer. */
async function answerBucket(request: Request): Promise<Response> {
  const text = await request.text();
  const [, trailer] = text.split("\r\n0\r\n");
  return new Response(`Stored with ${trailer?.trim()}\n`);
}
