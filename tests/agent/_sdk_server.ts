// The server of the SDKs in `sdk_test.ts`, over loopback: a small part of the APIs of
// OpenAI, GitHub, PostgREST, and S3, by node:http.

import http from "node:http";
import https from "node:https";
import { CA, CLIENT, SERVER } from "../_tls.ts";
import type { HttpAgentOptions } from "@pimalaya/io-http/agent";
import { listen, readText } from "./_origin.ts";

/** A way to the server. */
export interface SdkServer extends AsyncDisposable {
  readonly url: string;
  /** How an agent gets there. */
  readonly options: HttpAgentOptions;
  /** Resolves when an endless response is closed from the other side. */
  readonly aborted: Promise<void>;
}

/** Starts the server over one of its transports. */
export const TRANSPORTS: Record<string, () => Promise<SdkServer>> = {
  async TCP() {
    const { listener, aborted } = createApi();
    const listening = await listen(http.createServer(listener));
    const url = `http://127.0.0.1:${listening.port}`;
    return { ...listening, url, options: {}, aborted };
  },
  async "a Unix socket"() {
    const { listener, aborted } = createApi();
    const folder = await Deno.makeTempDir();
    const unixPath = `${folder}/socket`;
    const server = await listen(http.createServer(listener), unixPath);
    return {
      url: "http://api.test",
      options: { connectTo: { unixPath } },
      aborted,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await Deno.remove(folder, { recursive: true });
      },
    };
  },
  async "TLS with a client certificate"() {
    const { listener, aborted } = createApi();
    const options = { requestCert: true, rejectUnauthorized: true, ca: CA };
    const server = https.createServer({ ...SERVER, ...options }, listener);
    const listening = await listen(server);
    const url = `https://localhost:${listening.port}`;
    const tls = { caCerts: [CA], ...CLIENT };
    return { ...listening, url, options: { tls }, aborted };
  },
};

function createApi() {
  const { promise: aborted, resolve: abort } = Promise.withResolvers<void>();
  const objects = new Map<string, string>();
  const listener: http.RequestListener = async (request, response) => {
    const body = await readText(request);
    response.on("close", () => {
      if (!response.writableEnded) abort();
    });
    respond(request, body, response, objects);
  };
  return { listener, aborted };
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
  } else if (path === "/repos/o/r/issues") {
    const { title } = JSON.parse(body);
    response.statusCode = 201;
    json({ title, agent: headers["user-agent"] });
  } else if (path === "/items") {
    json(method === "POST" ? [JSON.parse(body)] : [{ query: url }]);
  } else if (path === "/flaky") {
    const count = objects.size + 1;
    objects.set(`${count}`, "");
    if (count % 2 === 0) return json({ count });
    response.writeHead(503, { "Retry-After": "0" }).end("busy");
  } else if (path === "/lost") {
    const lost = Number(objects.get(path) ?? 0);
    objects.set(path, `${lost + 1}`);
    // An agent may send it once more by itself, but not twice.
    if (lost < 2) response.destroy();
    else json({ lost });
  } else if (method === "PUT") {
    objects.set(path, body);
    response.setHeader("ETag", '"1"');
    response.end();
  } else {
    if (!objects.has(path)) response.statusCode = 404;
    response.end(objects.get(path) ?? "<Error><Code>NoSuchKey</Code></Error>");
  }
}
