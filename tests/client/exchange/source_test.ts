// The bodies that an exchange takes: every kind, and what is not one.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { HttpRequest } from "@pimalaya/io-http";
import type { HttpBodyInit } from "@pimalaya/io-http/client";
import { transfer } from "../../_pure.ts";
import { toBytes } from "../../_text.ts";
import {
  carryOne,
  fails,
  HI,
  openPipe,
  PIPES,
  post,
  rejection,
  settle,
  SITE,
} from "../_client.ts";

const FORM = "application/x-www-form-urlencoded;charset=UTF-8";

/** Bodies, the fields that describe them, and what goes out. */
const BODIES: [string, () => HttpBodyInit, string, string][] = [
  ["a Uint8Array", () => toBytes("hello"), "Content-Length: 5", "hello"],
  [
    "a part of a Buffer",
    () => Buffer.from("hello!").subarray(0, 5),
    "Content-Length: 5",
    "hello",
  ],
  [
    "shared memory",
    () => {
      const bytes = new Uint8Array(new SharedArrayBuffer(5));
      bytes.set(toBytes("hello"));
      return bytes;
    },
    "Content-Length: 5",
    "hello",
  ],
  [
    "an ArrayBuffer",
    () => toBytes("hello").buffer,
    "Content-Length: 5",
    "hello",
  ],
  [
    "a string, as UTF-8",
    () => "h€llo",
    "Content-Length: 7",
    "h\xe2\x82\xacllo",
  ],
  [
    "a Blob",
    () => new Blob(["hel", "lo"], { type: "text/plain" }),
    "Content-Length: 5",
    "hello",
  ],
  [
    "URLSearchParams",
    () => new URLSearchParams({ a: "b c" }),
    `Content-Type: ${FORM}\r\nContent-Length: 5`,
    "a=b+c",
  ],
  ["an empty string", () => "", "Content-Length: 0", ""],
  ["an empty Blob", () => new Blob(), "Content-Length: 0", ""],
  ["null", () => null, "Content-Length: 0", ""],
];

for (const [name, make, fields, body] of BODIES) {
  Deno.test(`exchange sends ${name}`, async () => {
    const { client, server } = openPipe();
    // It replaces the body of the request.
    const request = HttpRequest.post(SITE, { body: "own" });
    const exchanging = client.exchange(request, { body: make() });
    const wire = await server.readUntil(`\r\n\r\n${body}`);
    assertEquals(
      wire,
      `POST / HTTP/1.1\r\nHost: example.com\r\n${fields}\r\n\r\n${body}`,
    );
    server.write(HI);
    assertEquals(await (await exchanging).text(), "hi");
    await carryOne(client, server);
    await client.close();
  });
}

Deno.test("exchange sends FormData as multipart, with its boundary", async () => {
  const { client, server } = openPipe();
  const body = new FormData();
  body.append("a", "1");
  body.append("file", new Blob(["content"]), "name.txt");
  const exchanging = client.exchange(post(), { body });
  const wire = await server.readUntil("\r\n0\r\n\r\n");
  const [, boundary] = /Content-Type: multipart\/form-data; ?boundary=(\S+)/i
    .exec(wire)!;
  assertStringIncludes(wire, "Transfer-Encoding: chunked\r\n");
  assertStringIncludes(wire, `--${boundary}--`);
  assertStringIncludes(wire, 'filename="name.txt"');
  assertStringIncludes(wire, "content");
  server.write(HI);
  await exchanging;
  await client.close();
});

Deno.test("exchange leaves a Content-Type alone that the request has", async () => {
  for (const body of [new URLSearchParams({ a: "1" }), new FormData()]) {
    const { client, server } = openPipe();
    const exchanging = client.exchange(post({ "content-type": "x/y" }), {
      body,
    });
    const wire = await server.readUntil("\r\n\r\n");
    assertEquals(wire.match(/content-type: .*/gi), ["content-type: x/y"]);
    await client.close();
    await rejection(exchanging);
  }
});

Deno.test("exchange holds a body of known length to a stated length", async () => {
  for (const [, make, , body] of BODIES) {
    const { client, server } = openPipe();
    const wrong = post({ "Content-Length": `${body.length + 1}` });
    await assertRejects(
      () => client.exchange(wrong, { body: make() }),
      TypeError,
      "Content-Length",
    );
    const right = post({ "content-length": `${body.length}` });
    const exchanging = client.exchange(right, { body: make() });
    const wire = await server.readUntil(`\r\n\r\n${body}`);
    assertStringIncludes(wire, `content-length: ${body.length}\r\n`);
    server.write(HI);
    await exchanging;
    await client.close();
  }
});

Deno.test("exchange sends a body of known length chunked if the request or trailers ask for it", async () => {
  for (const [, make, , body] of BODIES) {
    for (
      const [headers, options] of [
        [{ "Transfer-Encoding": "chunked" }, {}],
        [{}, { trailers: {} }],
      ] as const
    ) {
      const { client, server } = openPipe();
      const exchanging = client.exchange(post(headers), {
        ...options,
        body: make(),
      });
      const wire = await server.readUntil("0\r\n\r\n");
      const chunks = wire.slice(wire.indexOf("\r\n\r\n") + 4);
      // A Blob gives its parts one by one.
      assertEquals(chunks.replaceAll(/\d+\r\n|\r\n/g, ""), body);
      server.write(HI);
      await exchanging;
      await client.close();
    }
  }
});

Deno.test("exchange sends a body with any method but TRACE and CONNECT", async () => {
  for (const method of ["GET", "DELETE", "HEAD", "PUT", "PROPFIND"]) {
    const { client, server } = openPipe();
    const request = new HttpRequest(method, SITE);
    const exchanging = client.exchange(request, { body: "a" });
    await server.readUntil("Content-Length: 1\r\n\r\na");
    server.write("HTTP/1.1 204 No Content\r\n\r\n");
    await exchanging;
    await client.close();
  }
});

/** What is no body, before anything is sent. */
const INVALID: [string, () => unknown][] = [
  ["a number", () => 5],
  ["an object", () => ({})],
  ["an array of pieces", () => [toBytes("a")]],
  ["a DataView", () => new DataView(new ArrayBuffer(1))],
  ["a detached Uint8Array", () => {
    const bytes = new Uint8Array(3);
    transfer(bytes);
    return bytes;
  }],
  ["a detached ArrayBuffer", () => {
    const bytes = new Uint8Array(3);
    const { buffer } = bytes;
    transfer(bytes);
    return buffer;
  }],
  ["a locked stream", () => {
    const stream = new ReadableStream();
    stream.getReader();
    return stream;
  }],
];

for (const [name, make] of INVALID) {
  Deno.test(`exchange rejects ${name} as a body, before it writes`, async () => {
    const { client, server } = openPipe();
    await assertRejects(
      () => client.exchange(post(), { body: make() as HttpBodyInit }),
      TypeError,
    );
    assertEquals(server.received, 0);
    await carryOne(client, server);
    await client.close();
  });
}

/** Pieces that are no pieces. */
const PIECES: [string, () => unknown][] = [
  ["a string", () => "text"],
  ["null", () => null],
  ["undefined", () => undefined],
  ["an ArrayBuffer", () => new ArrayBuffer(1)],
  ["a detached Uint8Array", () => {
    const bytes = new Uint8Array(3);
    transfer(bytes);
    return bytes;
  }],
];

for (const [name, make] of PIECES) {
  for (const isStream of [true, false]) {
    const kind = isStream ? "a stream" : "an iterator";
    Deno.test(`exchange rejects ${kind} that gives ${name}, and lets go of it`, async () => {
      const { client, server } = openPipe();
      const pieces = [toBytes("good"), make()];
      const { promise: stopped, resolve } = Promise.withResolvers<unknown>();
      const body = isStream
        ? new ReadableStream({
          pull: (controller) => controller.enqueue(pieces.shift()),
          cancel: resolve,
        }, { highWaterMark: 0 })
        : {
          [Symbol.asyncIterator]: () => ({
            next: () => Promise.resolve({ value: pieces.shift(), done: false }),
            return: () => Promise.resolve(resolve(undefined)),
          }),
        };
      const error = await assertRejects(
        () => client.exchange(post(), { body: body as HttpBodyInit }),
        TypeError,
      );
      assertEquals(await stopped, isStream ? error : undefined);
      await server.closed;
    });
  }
}

Deno.test("exchange rejects with what a source throws or gives at once", async () => {
  const fault = new RangeError("No");
  const sources: [() => unknown, boolean][] = [
    [() => {
      throw fault;
    }, true],
    [() => undefined, false],
  ];
  for (const [next, isFault] of sources) {
    const { client, server } = openPipe();
    const body = { [Symbol.asyncIterator]: () => ({ next }) } as HttpBodyInit;
    const error = await rejection(client.exchange(post(), { body }));
    assertEquals(error === fault || error instanceof TypeError, true);
    assertEquals(error === fault, isFault);
    await server.closed;
  }
  const { client, server } = openPipe();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.error("Errored"),
  });
  assertEquals(await rejection(client.exchange(post(), { body })), "Errored");
  await server.closed;
});

Deno.test("a source whose cancel throws does not hide why it was let go", async () => {
  const { client, server } = openPipe();
  const body = new ReadableStream<Uint8Array>({
    cancel: () => {
      throw new Error("Cannot cancel");
    },
  });
  const exchanging = client.exchange(post(), { body });
  await server.readUntil("\r\n\r\n");
  server.write("?");
  await fails(exchanging, "InvalidStatusLine");
  await server.closed;
});

Deno.test("what is sent stays as it was, whatever becomes of the array", async () => {
  for (const [, options] of PIPES) {
    const { client, server } = openPipe({ ...options, capacity: 0 });
    const body = toBytes("hello");
    const exchanging = client.exchange(post(), { body });
    await settle();
    body.fill(0x21);
    await server.readUntil("hello");
    server.write(HI);
    await exchanging;
    await client.close();
  }
});
