// What the SDKs of `sdk_test.ts` talk to, over loopback: a little of the APIs of
// OpenAI, GitHub, PostgREST, and S3, by node:http.

import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { CA, CLIENT, SERVER } from "../_tls.ts";
import { createFetch, type HttpAgentOptions } from "@pimalaya/io-http/agent";

/** A way to the server. */
export interface SdkServer extends AsyncDisposable {
  readonly url: string;
  /** How an agent gets there. */
  readonly options: HttpAgentOptions;
  /** Waits until an endless response is closed from the other side. */
  readonly aborted: Promise<void>;
}

/** Starts the server over one of its transports. */
export const TRANSPORTS: Record<string, () => Promise<SdkServer>> = {
  async TCP() {
    const { server, aborted } = create();
    const port = await listen(server, 0);
    return made(server, aborted, `http://127.0.0.1:${port}`, {});
  },
  async "a Unix socket"() {
    const { server, aborted } = create();
    const folder = await Deno.makeTempDir();
    const unixPath = `${folder}/socket`;
    await listen(server, unixPath);
    const options = { connectTo: { unixPath } };
    return made(server, aborted, "http://api.test", options, folder);
  },
  async "TLS with a client certificate"() {
    const { server, aborted } = create({
      ...SERVER,
      ca: CA,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const port = await listen(server, 0);
    const tls = { caCerts: [CA], ...CLIENT };
    return made(server, aborted, `https://localhost:${port}`, { tls });
  },
};

function create(tls?: https.ServerOptions) {
  const aborted = Promise.withResolvers<void>();
  const objects = new Map<string, string>();
  const listener = async (
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ) => {
    const body = await read(request);
    response.on("close", () => {
      if (!response.writableEnded) aborted.resolve();
    });
    respond(request, body, response, objects);
  };
  const server = tls === undefined
    ? http.createServer(listener)
    : https.createServer(tls, listener);
  return { server, aborted: aborted.promise };
}

function made(
  server: http.Server | https.Server,
  aborted: Promise<void>,
  url: string,
  options: HttpAgentOptions,
  folder?: string,
): SdkServer {
  return {
    url,
    options,
    aborted,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      if (folder !== undefined) await Deno.remove(folder, { recursive: true });
    },
  };
}

async function listen(
  server: http.Server | https.Server,
  where: number | string,
): Promise<number> {
  await new Promise<void>((resolve) =>
    typeof where === "number"
      ? server.listen(where, "127.0.0.1", resolve)
      : server.listen(where, resolve)
  );
  return (server.address() as AddressInfo).port;
}

async function read(request: http.IncomingMessage): Promise<string> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of request) pieces.push(piece);
  } catch {
    // It was aborted.
  }
  return await new Blob(pieces as BlobPart[]).text();
}

function respond(
  { method, url, headers }: http.IncomingMessage,
  body: string,
  response: http.ServerResponse,
  objects: Map<string, string>,
): void {
  const json = (value: unknown) => {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(value));
  };
  const path = url!.split("?")[0]!;
  if (path === "/v1/chat/completions") {
    const { stream, messages } = JSON.parse(body);
    const content: string = messages[0].content;
    if (!stream) {
      return json({ choices: [{ message: { role: "assistant", content } }] });
    }
    response.setHeader("Content-Type", "text/event-stream");
    for (const text of content) {
      const chunk = { choices: [{ delta: { content: text } }] };
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    }
    if (content !== "endless") response.end("data: [DONE]\n\n");
    return;
  }
  if (path === "/repos/o/r/issues") {
    const { title } = JSON.parse(body);
    response.statusCode = 201;
    return json({ title, agent: headers["user-agent"] });
  }
  if (path === "/items") {
    return json(method === "POST" ? [JSON.parse(body)] : [{ query: url }]);
  }
  if (path === "/flaky") {
    const count = objects.size + 1;
    objects.set(`${count}`, "");
    if (count % 2 === 0) return json({ count });
    response.statusCode = 503;
    response.setHeader("Retry-After", "0");
    response.end("busy");
    return;
  }
  if (method === "PUT") {
    objects.set(path, body);
    response.setHeader("ETag", '"1"');
    response.end();
    return;
  }
  if (!objects.has(path)) response.statusCode = 404;
  response.end(objects.get(path) ?? "<Error><Code>NoSuchKey</Code></Error>");
}

/** A fetch that goes to the server. */
export function fetchTo(server: SdkServer, more: HttpAgentOptions = {}) {
  return createFetch({ ...server.options, ...more });
}
