// A body that comes whole is a string in the Response if it is text. It must not
// show.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import { toBytes, toText } from "../_text.ts";
import { ok, respond, serve, URL_A } from "./_network.ts";

const TYPES = [null, "text/plain", "application/problem+json", "image/png"];
const BODIES = [
  "",
  "text",
  "\0",
  "\xc3\xa9", // UTF-8
  "\xe9", // Latin 1
  "\xef\xbb\xbftext", // after a BOM
  "\xed\xa0\x80", // half of a surrogate pair
  "x".repeat(16_385),
];

for (const type of TYPES) {
  Deno.test(`Responses: fetch returns the bytes of any body of type ${type}`, async () => {
    let body = "";
    const { agent } = serve(() =>
      ok(body, type ? { "Content-Type": type } : {})
    );
    await using _ = agent;
    for (body of BODIES) {
      const response = await agent.fetch(URL_A);
      const copies = [response.clone(), response.clone(), response.clone()];
      const bytes = toBytes(body);
      assertEquals(response.headers.get("content-type"), type);
      assertEquals(toText(await response.bytes()), body);
      assertEquals(response.bodyUsed, true);
      assertEquals(await copies[0]!.text(), new TextDecoder().decode(bytes));
      const blob = await copies[1]!.blob();
      assertEquals([blob.type, blob.size], [type ?? "", bytes.length]);
      const streamed = await new Response(copies[2]!.body).bytes();
      assertEquals(toText(streamed), body);
    }
  });
}

// Deno's own fetch also works with each of these.
for (const name of ["size", "highWaterMark", "autoAllocateChunkSize"]) {
  Deno.test(`Responses: a body is read even if all objects have a ${name}`, async () => {
    const chunked = respond("200 OK", "4\r\nbody\r\n0\r\n\r\n", {
      "Transfer-Encoding": "chunked",
    });
    const zipped = gzipSync("body").toString("latin1");
    for (
      const wire of [
        ok("body", { "Content-Type": "text/plain" }),
        chunked,
        ok(zipped, { "Content-Encoding": "gzip" }),
      ]
    ) {
      const { agent } = serve(() => wire);
      await using _ = agent;
      const response = await agent.fetch(URL_A);
      Object.defineProperty(Object.prototype, name, {
        get: () => assert(false, "it was read"),
        configurable: true,
      });
      let body: ReadableStream<Uint8Array> | null;
      try {
        body = response.body;
      } finally {
        delete (Object.prototype as Record<string, unknown>)[name];
      }
      assertEquals(await new Response(body).text(), "body");
    }
  });
}

Deno.test("Responses: a body is a byte stream, however it arrived", async () => {
  const chunked = respond("200 OK", "4\r\nbody\r\n0\r\n\r\n", {
    "Transfer-Encoding": "chunked",
  });
  const text = ok("body", { "Content-Type": "text/plain" });
  for (const wire of [text, ok("body"), chunked]) {
    const { agent } = serve(() => wire);
    await using _ = agent;
    const [whole, cloned, locked, read, canceled] = await Promise.all(
      Array.from({ length: 5 }, () => agent.fetch(URL_A)),
    );
    for (const response of [whole!, cloned!.clone(), cloned!]) {
      const reader = response.body!.getReader({ mode: "byob" });
      const pieces: string[] = [];
      for (;;) {
        const { done, value } = await reader.read(new Uint8Array(3));
        if (done) break;
        pieces.push(toText(value));
      }
      assertEquals([pieces.join(""), response.bodyUsed], ["body", true]);
      assertEquals(response.body!.locked, true);
    }
    const reader = locked!.body!.getReader();
    await assertRejects(() => locked!.text(), TypeError);
    assertThrows(() => locked!.clone(), TypeError);
    reader.releaseLock();
    assertEquals([await locked!.text(), locked!.bodyUsed], ["body", true]);
    const { body } = read!;
    assertEquals(await read!.text(), "body");
    await assertRejects(async () => await body!.getReader().read(), TypeError);
    await canceled!.body!.cancel();
    assertEquals(canceled!.bodyUsed, true);
  }
});

Deno.test("Responses: a server of the runtime's refuses a Response that was read", async () => {
  for (const type of ["image/png", "text/plain"]) {
    const { agent } = serve(() => ok("body", { "Content-Type": type }));
    await using _ = agent;
    const response = await agent.fetch(URL_A);
    await response.text();
    const onError = () => new Response(null, { status: 500 });
    const options = { port: 0, onListen() {}, onError };
    await using server = Deno.serve(options, () => response);
    const { port } = server.addr;
    const sent = await fetch(`http://localhost:${port}/`, { method: "HEAD" });
    assertEquals(sent.status, 500);
  }
});

Deno.test("Responses: fetch keeps every Content-Type of a response", async () => {
  const { agent } = serve(() =>
    ok("x", { "Content-Type": "text/plain\r\nContent-Type: text/html" })
  );
  await using _ = agent;
  const { headers } = await agent.fetch(URL_A);
  assertEquals(headers.get("content-type"), "text/plain, text/html");
});
