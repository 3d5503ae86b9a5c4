// The coroutines of this package, driven by `run`: whole exchanges, and the
// pieces that exchanges are made of.

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  encodeHttp11Request,
  Http10Send,
  Http11Receive,
  Http11ReceiveChunks,
  Http11ReceiveHead,
  Http11Send,
  HttpRequest,
  SseParser,
  WellKnown,
} from "@pimalaya/io-http";
import type { HttpClient } from "@pimalaya/io-http/client";
import { toBytes, toText } from "../_text.ts";
import type { PipeServer } from "../_pipe.ts";
import { HI, PIPES, READ, Script, SWITCH, upgrade } from "./_buffered.ts";
import { get, openPipe, SITE } from "./_exchange.ts";

const CHUNKED_HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** Runs a coroutine that writes a request, for others to read the answer. */
async function request(client: HttpClient, server: PipeServer): Promise<void> {
  const bytes = encodeHttp11Request(get());
  const step = await client.run(
    new Script({ type: "WantsWrite", bytes }, { type: "Ok" }),
  );
  assertEquals(step.type, "Ok");
  assertEquals(
    await server.readUntil("\r\n\r\n"),
    "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
  );
}

for (const [kind, options] of PIPES) {
  Deno.test(`run drives Http11Receive step by step, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    await request(client, server);
    const receive = new Http11Receive(get());
    await server.write(`HTTP/1.1 103 Early Hints\r\n\r\n${CHUNKED_HEAD}`);
    const interim = await client.run(receive);
    assertEquals(interim.type === "Interim" && interim.response.status, 103);
    assertEquals(client.reusable, false);
    const head = await client.run(receive);
    assertEquals(head.type === "Head" && head.framing.kind, "chunked");
    await server.write("3\r\nabc\r\n2\r\nd", 1);
    let text = "";
    while (text.length < 4) {
      const data = await client.run(receive);
      if (data.type === "Data") text += toText(data.bytes);
    }
    await server.write("e\r\n0\r\nX-Sum: 9\r\n\r\n");
    const data = await client.run(receive);
    assertEquals(data.type === "Data" && toText(data.bytes), "e");
    assertEquals(text, "abcd");
    assertEquals(client.reusable, false);
    const end = await client.run(receive);
    assertEquals(end.type === "Ok" && [...end.trailers], [["X-Sum", "9"]]);
    assertEquals(end.type === "Ok" && end.keepAlive, true);
    assertEquals(client.reusable, true);
    await client.close();
  });

  Deno.test(`run gives the next coroutine what the last one left, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    await request(client, server);
    // In one piece, so that none of it is left to be read.
    await server.write(`${CHUNKED_HEAD}3\r\nabc\r\n0\r\n\r\n${HI}`);
    const head = await client.run(new Http11ReceiveHead());
    assertEquals(head.response.status, 200);
    const chunks = new Http11ReceiveChunks();
    const data = await client.run(chunks);
    assertEquals(data.type === "Data" && toText(data.bytes), "abc");
    const end = await client.run(chunks);
    assertEquals(end.type, "Ok");
    assertEquals(server.unread, 0);
    const next = await client.send(get());
    assertEquals(next.response.text(), "hi");
    assertEquals(client.reusable, true);
    await client.close();
  });
}

for (const Send of [Http11Send, Http10Send]) {
  Deno.test(`run ends an exchange of ${Send.name} as send does`, async () => {
    const { client, server } = openPipe();
    const headers = "Connection: keep-alive\r\nContent-Length: 0\r\n";
    const send = new Send(get());
    const running = client.run(send);
    await server.readUntil("\r\n\r\n");
    await server.write(`HTTP/1.1 302 Found\r\nLocation: /b\r\n${headers}\r\n`);
    const step = await running;
    assertEquals(step.type === "WantsRedirect" && step.url.pathname, "/b");
    // What follows is the same response, without any input or output.
    assertEquals(client.reusable, true);
    const same = await client.run(send);
    assertEquals(same.type, "Ok");
    assertStrictEquals(same.response, step.response);
    assertEquals(client.reusable, true);
    const closing = client.run(new Send(get()));
    await server.write(`HTTP/1.1 200 OK\r\n\r\n`);
    await server.close();
    const end = await closing;
    assertEquals(end.type === "Ok" && end.closeReason, "ReadToClose");
    assertEquals(client.reusable, false);
    await server.closed;
  });
}

Deno.test("run closes a connection whose answer comes before the request is out", async () => {
  const { client, server } = openPipe({ capacity: 10 });
  const body = new Uint8Array(1000);
  const running = client.run(new Http11Send(HttpRequest.post(SITE, { body })));
  await server.write(HI);
  const step = await running;
  assertEquals(step.response.text(), "hi");
  assertEquals(client.reusable, false);
  await server.closed;
});

Deno.test("run leaves an upgraded connection to detach", async () => {
  const { client, server } = openPipe();
  const running = client.run(new Http11Send(upgrade()));
  await server.write(`${SWITCH}early`);
  const step = await running;
  assertEquals(step.upgraded, true);
  assertEquals(client.reusable, false);
  await assertRejects(
    () => client.run(new Script(READ)),
    TypeError,
    "upgraded",
  );
  const { readable } = client.detach();
  const { value } = await readable.getReader().read();
  assertEquals(value, toBytes("early"));
});

Deno.test("run drives WellKnown, and gives where it is redirected", async () => {
  const { client, server } = openPipe();
  const running = client.run(new WellKnown(`${SITE}a?b`, "jmap"));
  assertEquals(
    await server.readUntil("\r\n\r\n"),
    "GET /.well-known/jmap HTTP/1.1\r\nHost: example.com\r\n\r\n",
  );
  await server.write(
    "HTTP/1.1 307 Temporary Redirect\r\nLocation: https://a/b\r\n" +
      "Content-Length: 0\r\n\r\n",
  );
  const { type, redirect, response } = await running;
  assertEquals(type, "Ok");
  assertEquals(redirect?.url.href, "https://a/b");
  assertEquals(redirect?.sameOrigin, false);
  assertEquals(response.status, 307);
  assertEquals(client.reusable, true);
  await client.close();
});

Deno.test("run drives SseParser to the end of file", async () => {
  const { client, server } = openPipe();
  const parser = new SseParser();
  await server.write("retry: 5\ndata: a\n\ndata: b\n\n", 1);
  await server.close();
  const seen: string[] = [];
  let step = await client.run(parser);
  while (step.type !== "Ok") {
    seen.push(step.type === "Event" ? step.data : `${step.milliseconds}`);
    step = await client.run(parser);
  }
  assertEquals(seen, ["5", "a", "b"]);
  await client.close();
});
