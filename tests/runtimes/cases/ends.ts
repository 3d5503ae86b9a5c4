// How calls and connections end. Whether a connection is closed, its server
// tells over another one: `/arrived` and `/ended` answer once the request of
// that name has come, and once it is gone.

import type { HttpClient } from "../../../client/mod.ts";
import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import { type Case, getText, reasonOf, type Run } from "./_case.ts";

/** The cases. */
export const ENDS: Readonly<Record<string, Case>> = {
  "an aborted signal ends a call, and closes": abort,
  "close ends the call under way": close,
  "cancelling a body closes the connection": cancel,
  "a client that was closed rejects a request": afterClose,
  "detach gives the stream of an upgrade": detach,
};

async function abort(run: Run): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const reason = await endCall(
    run,
    (client, request) => client.send(request, { signal }),
    () => controller.abort(new RangeError("Enough")),
  );
  equal("reason", reason.name, "RangeError");
}

async function close(run: Run): Promise<void> {
  const reason = await endCall(
    run,
    (client, request) => client.send(request),
    (client) => client.close(),
  );
  equal("reason", reason.name, "AbortError");
}

/** Ends a call that gets no answer, and gives what it rejects with. */
async function endCall(
  { connect, url }: Run,
  start: (client: HttpClient, request: HttpRequest) => Promise<unknown>,
  end: (client: HttpClient) => unknown,
): Promise<Error> {
  const witness = await connect();
  const client = await connect();
  const id = Math.random();
  const reason = reasonOf(start(client, HttpRequest.get(url(`/hang?${id}`))));
  equal("arrived", await getText(witness, url(`/arrived?${id}`)), "yes");
  await end(client);
  const error = await reason as Error;
  equal("reusable", client.reusable, false);
  equal("ended", await getText(witness, url(`/ended?${id}`)), "yes");
  return error;
}

async function cancel({ connect, url }: Run): Promise<void> {
  const witness = await connect();
  const client = await connect();
  const id = Math.random();
  const request = HttpRequest.get(url(`/endless?${id}`));
  const { body, closed } = await client.exchange(request);
  const reader = body.getReader();
  await reader.read();
  await reader.cancel(new RangeError("Enough"));
  equal("reason", (await reasonOf(closed) as Error).name, "RangeError");
  equal("reusable", client.reusable, false);
  equal("ended", await getText(witness, url(`/ended?${id}`)), "yes");
}

async function afterClose({ connect, url }: Run): Promise<void> {
  const client = await connect();
  equal("response", await getText(client, url("/hello")), "hello");
  await client.close();
  await client.close();
  const call = client.send(HttpRequest.get(url("/hello")));
  equal("reason", (await reasonOf(call) as Error).name, "TypeError");
}

/** Opens a WebSocket (RFC 6455), whose server speaks first. */
async function detach({ connect, url }: Run): Promise<void> {
  const client = await connect();
  const request = HttpRequest.get(url("/socket"))
    .header("Connection", "Upgrade").header("Upgrade", "websocket")
    .header("Sec-WebSocket-Version", "13")
    .header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==");
  const { response, upgraded } = await client.send(request);
  equal("answer", [response.status, upgraded], [101, true]);
  const { readable, writable } = client.detach();
  const reader = readable.getReader();
  const writer = writable.getWriter();
  equal("first", await readFrame(reader), [0x81, ...bytesOf("hello")]);
  // Masked with zeros: a client has to mask, and the echo shows the same bytes.
  await writer.write(
    Uint8Array.of(0x81, 0x84, 0, 0, 0, 0, ...bytesOf("ping")),
  );
  equal("echo", await readFrame(reader), [0x81, ...bytesOf("ping")]);
  await writer.write(Uint8Array.of(0x88, 0x80, 0, 0, 0, 0));
  equal("close", await readFrame(reader), [0x88]);
  await reader.cancel();
  await writer.close().catch(() => {});
}

function bytesOf(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

/** Reads a short frame: its first byte and its payload. */
async function readFrame(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<number[]> {
  const bytes: number[] = [];
  while (bytes.length < 2 || bytes.length < 2 + bytes[1]!) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The stream has ended");
    bytes.push(...value);
  }
  const [first, length, ...payload] = bytes;
  equal("length of the frame", payload.length, length);
  return [first!, ...payload];
}
