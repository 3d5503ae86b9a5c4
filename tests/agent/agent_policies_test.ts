// docs/policies.md, "Content codings", "Credentials", and "Cookies", as an agent
// applies them. The rules of credentials are tested in call_credentials_test.ts,
// those of codings in decode_test.ts.

import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import zlib from "node:zlib";
import {
  HttpAuthBasic,
  HttpAuthBearer,
  HttpError,
  HttpRequest,
} from "@pimalaya/io-http";
import type {
  HttpAgentExchange,
  HttpAgentSendOptions,
  HttpCredentialsAsk,
  HttpDecoderPair,
} from "@pimalaya/io-http/agent";
import { HttpCookieJar } from "@pimalaya/io-http/cookies";
import { toText } from "../_text.ts";
import { settle } from "./_clock.ts";
import {
  type Handler,
  ok,
  READERS,
  respond,
  type SeenRequest,
  serve,
  URL_A,
} from "./_network.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const GZIP = { "Content-Encoding": "gzip" };

function gzipped(text: string | Uint8Array): string {
  return toText(zlib.gzipSync(text));
}

/** The code of a failure, or of the cause in an error of fetch. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => null, (error) => error);
  return error === null ? "none" : (error.code ?? error.cause.code);
}

for (const [way, read] of Object.entries(READERS)) {
  Deno.test(`Content codings: An agent decodes a body that is read through ${way}, and fails if it is corrupt or expands too far`, async () => {
    // 10 GB of zeros in 10 MB.
    const bomb = gzipped(new Uint8Array(2 ** 24)).repeat(640);
    const { network, agent } = serve(({ target }) =>
      ok(
        target === "/"
          ? gzipped("text")
          : bomb.slice(0, Number(target.slice(1))),
        GZIP,
      )
    );
    assertEquals(await read(agent, URL_A), "text");
    assertEquals(network.sent("Accept-Encoding"), ["gzip, deflate, br"]);
    const corrupt = codeOf(read(agent, `${URL_A}100`));
    assertEquals(await corrupt, "InvalidContentCoding");
    const large = codeOf(read(agent, `${URL_A}${bomb.length}`));
    assertEquals(await large, "BodyTooLarge");
    await agent.close();
    assertEquals(network.open, 0);
  });
}

Deno.test("Content codings: An agent reports the codings that it decoded, and decodes nothing with `decode: false`", async () => {
  const { network, agent } = serve(() =>
    ok(gzipped("text"), { "Content-Encoding": "GZip", ETag: "1" })
  );
  await using _ = agent;
  const output = await agent.send(URL_A);
  const exchange = await agent.exchange(URL_A);
  for (const { decoded, response } of [output, exchange]) {
    assertEquals([decoded, [...response.headers]], [["gzip"], [["ETag", "1"]]]);
  }
  await exchange.discard();
  const raw = await agent.send(URL_A, { decode: false });
  assertEquals([raw.decoded, toText(raw.response.body)], [
    ...[[], gzipped("text")],
  ]);
  assertEquals(network.sent("Accept-Encoding").at(-1), null);
});

Deno.test("Content codings: An agent decodes codings that it did not ask for, and offers those of the caller", async () => {
  const { network, agent } = serve(() => ok(gzipped("text"), GZIP));
  await using _ = agent;
  for (const [name, value] of [["Accept-Encoding", "x"], ["Range", "a=0-"]]) {
    const headers = { [name!]: value };
    const { response } = await agent.send(HttpRequest.get(URL_A, { headers }));
    assertEquals(response.text(), "text");
  }
  const own = agent.with({ headers: { "accept-encoding": null } });
  assertEquals((await own.send(URL_A)).response.text(), "text");
  assertEquals(await (await own.fetch(URL_A)).text(), "text");
  assertEquals(network.sent("Accept-Encoding"), ["x", null, null, null]);
});

const CODED: Record<string, string> = {
  "a coded body": ok(gzipped("[1]"), GZIP),
  "a body": ok("[1]"),
};

for (const [what, wire] of Object.entries(CODED)) {
  Deno.test(`Content codings: ${what} is read once, by any method, also after a look at its stream`, async () => {
    const { agent } = serve(() => wire);
    const readers: Record<string, (it: HttpAgentExchange) => unknown> = {
      bytes: async (it) => toText(await it.bytes()),
      text: (it) => it.text(),
      json: async (it) => JSON.stringify(await it.json()),
      toResponse: (it) => it.toResponse().text(),
    };
    for (const [name, read] of Object.entries(readers)) {
      const exchange = await agent.exchange(URL_A);
      const { body } = exchange;
      assertEquals([body.locked, await read(exchange)], [false, "[1]"]);
      assertEquals(body.locked, true);
      const other = await agent.exchange(URL_A);
      await read(other);
      await assertRejects(() => other.text(), TypeError, `${name}() has`);
    }
    const started = await agent.exchange(URL_A);
    const reader = started.body.getReader();
    await assertRejects(() => started.text(), TypeError, "is locked");
    await reader.read();
    reader.releaseLock();
    await assertRejects(() => started.text(), TypeError, "read from its");
    await agent.close();
  });
}

Deno.test("Pool: HttpAgent.close waits for no body that a method could not read", async () => {
  const { agent, network } = serve(() => ok("x".repeat(600_000)));
  const exchange = await agent.exchange(URL_A);
  const reader = exchange.body.getReader();
  await reader.read();
  reader.releaseLock();
  await assertRejects(() => exchange.text(), TypeError);
  await agent.close();
  assertEquals(network.open, 0);
});

Deno.test("Content codings: maxBodyBytes counts decoded bytes, and no coded ones", async () => {
  let body = new Uint8Array(0);
  const { agent } = serve(() => ok(gzipped(body), GZIP));
  await using _ = agent;
  // Random bytes are longer when they are coded.
  const random = crypto.getRandomValues(new Uint8Array(5000));
  for (body of [new Uint8Array(101), random]) {
    const limit = async (maxBodyBytes: number) => [
      await codeOf(agent.send(URL_A, { maxBodyBytes })),
      await codeOf(
        agent.exchange(URL_A, { maxBodyBytes }).then((it) => it.bytes()),
      ),
    ];
    const { length } = body;
    assertEquals(await limit(length - 1), Array(2).fill("BodyTooLarge"));
    assertEquals(await limit(length), Array(2).fill("none"));
  }
});

/** Asks for a token, and refuses those that it does not accept. */
function guarded(accepts: () => string): Handler {
  return ({ head }) => {
    const token = /\r\nauthorization: Bearer (.*)\r\n/i.exec(head)?.[1];
    if (token === accepts()) return ok(token);
    const error = token === undefined ? "" : ', error="invalid_token"';
    const challenge = `Bearer realm="r"${error}`;
    return respond("401 No", "denied", { "WWW-Authenticate": challenge });
  };
}

/** A server whose body is in a coding of the caller's, and stops in its middle. */
function serveHalf(decoder: () => HttpDecoderPair, then: "stall" | "close") {
  const head = ["HTTP/1.1 200 OK", "Content-Encoding: x", "Content-Length: 9"];
  const write = `${head.join("\r\n")}\r\n\r\nhalf`;
  return serve(() => ({ write, then }), {
    decode: { decoders: { x: decoder } },
  });
}

Deno.test("Content codings: timeouts.body does not count while nobody reads the decoded body", async () => {
  const { agent, clock } = serveHalf(() => new TransformStream(), "stall");
  const { body } = await agent.exchange(URL_A);
  const reader = body.getReader();
  assertEquals(toText((await reader.read()).value!), "half");
  await clock.pass(400_000);
  assertEquals(agent.stats().busy, 1);
  const limited = assertRejects(
    () => reader.read(),
    HttpError,
    "timeouts.body",
  );
  await clock.pass(300_000);
  await limited;
  await agent.close();
});

// Its streams know nothing of each other, as those of a child process.
const STUCK: Record<string, () => HttpDecoderPair> = {
  "puts nothing out": () => ({
    readable: new ReadableStream(),
    writable: new WritableStream(),
  }),
  "takes nothing in": () => ({
    readable: new ReadableStream(),
    writable: new WritableStream({ write: () => new Promise(() => {}) }),
  }),
  "stops after a piece": () => ({
    readable: new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(1)),
    }),
    writable: new WritableStream({ write: () => new Promise(() => {}) }),
  }),
};

for (const [what, stuck] of Object.entries(STUCK)) {
  Deno.test(`Content codings: An abort and a cancel do not wait for a decoder that ${what}`, async () => {
    for (const [way, read] of Object.entries(READERS)) {
      const { agent } = serveHalf(stuck, "stall");
      const reading = read(agent, URL_A);
      await settle();
      agent.abort("why");
      assertEquals(await reading.catch((reason) => reason), "why", way);
    }
    const { agent, network } = serveHalf(stuck, "stall");
    const { body } = await agent.exchange(URL_A);
    const reader = body.getReader();
    const reading = (async () => {
      while (!(await reader.read()).done);
    })();
    await settle();
    await reader.cancel();
    await reading;
    await agent.close();
    assertEquals(network.open, 0);
  });
}

Deno.test("Content codings: A body that is cut short is not whole for a decoder that takes an abort for the end", async () => {
  const { agent } = serveHalf(() => {
    const { readable, writable } = new TransformStream<Bytes, Bytes>();
    const writer = writable.getWriter();
    return {
      readable,
      writable: new WritableStream({
        write: (piece) => void writer.write(piece),
        abort: () => writer.close(),
      }),
    };
  }, "close");
  for (const [way, read] of Object.entries(READERS)) {
    assertEquals(await codeOf(read(agent, URL_A)), "UnexpectedEof", way);
  }
  await agent.close();
});

Deno.test("Content codings: A decoder that takes nothing more fails the body", async () => {
  const { agent } = serveHalf(() => ({
    readable: new ReadableStream(),
    writable: new WritableStream({
      write: () => {
        throw new Error("Broken");
      },
    }),
  }), "stall");
  assertEquals(await codeOf(agent.send(URL_A)), "InvalidContentCoding");
  await agent.close();
});

Deno.test("Credentials: Concurrent calls share one search for credentials, and one refresh", async () => {
  let valid = "1";
  const asks: HttpCredentialsAsk[] = [];
  const { network, agent } = serve(guarded(() => valid), {
    credentials: async (ask) => {
      asks.push(ask);
      await settle();
      return new HttpAuthBearer(valid);
    },
  });
  await using _ = agent;
  const callAll = async () => {
    const calls = Array.from({ length: 20 }, () => agent.send(URL_A));
    return (await Promise.all(calls)).map(({ response }) => response.text());
  };
  assertEquals(await callAll(), Array(20).fill("1"));
  valid = "2";
  assertEquals(await callAll(), Array(20).fill("2"));
  assertEquals(asks.map(({ attempt }) => attempt), [1, 2]);

  // From then on, no challenge is needed.
  const before = network.requests.length;
  await agent.fetch(URL_A);
  assertEquals(network.requests.length, before + 1);
});

Deno.test("Credentials: Credentials of one agent are not those of another over the same pool", async () => {
  const { network, agent } = serve(guarded(() => "1"), {
    credentials: () => new HttpAuthBearer("1"),
  });
  await using _ = agent;
  await agent.send(URL_A);
  const other = agent.with({ credentials: () => new HttpAuthBearer("x") });
  const off = agent.with({ credentials: null });
  const runs: [() => Promise<unknown>, (string | null)[]][] = [
    [() => agent.send(URL_A), ["Bearer 1"]],
    [() => agent.with({}).send(URL_A), ["Bearer 1"]],
    [() => other.send(URL_A), [null, "Bearer x", "Bearer x"]],
    [() => off.send(URL_A), [null]],
    [() => agent.fetch(URL_A, { credentials: "omit" }), [null]],
  ];
  for (const [run, expected] of runs) {
    network.requests.length = 0;
    await run();
    assertEquals(network.sent("Authorization"), expected);
  }
});

Deno.test("Credentials: An agent fails with the error of credentials, in each call that waits for it", async () => {
  let asked = 0;
  const { agent } = serve(guarded(() => "1"), {
    async credentials() {
      asked++;
      await settle();
      throw new RangeError(`no ${asked}`);
    },
  });
  await using _ = agent;
  const calls = [1, 2].map(() => agent.send(URL_A));
  for (const call of calls) await assertRejects(() => call, RangeError, "no 1");
  // It is asked anew.
  await assertRejects(() => agent.send(URL_A), RangeError, "no 2");
});

const IN_MEMORY: Record<string, HttpAgentSendOptions["body"]> = {
  "a string": "é",
  "a Uint8Array": new TextEncoder().encode("é"),
  "an ArrayBuffer": new TextEncoder().encode("é").buffer,
  "URLSearchParams": new URLSearchParams("é"),
};

for (const [kind, body] of Object.entries(IN_MEMORY)) {
  Deno.test(`Credentials: a digest covers ${kind} that is the body of one call, also under auth-int`, async () => {
    const md5 = (bytes: string) =>
      createHash("md5").update(bytes, "latin1").digest("hex");
    const isRight = ({ head, body }: SeenRequest) => {
      const [, cnonce, response] =
        /cnonce="(\w+)".* response="(\w+)"/.exec(head) ?? [];
      const secret = md5("u:r:p");
      const covered = md5(`PUT:/:${md5(body)}`);
      const middle = `n:00000001:${cnonce}:auth-int`;
      return response === md5(`${secret}:${middle}:${covered}`);
    };
    const challenge = 'Digest realm="r", nonce="n", qop="auth-int"';
    const { agent, network } = serve((request) =>
      isRight(request)
        ? ok()
        : respond("401 No", "", { "WWW-Authenticate": challenge })
    );
    await using _ = agent;
    const credentials = () => ({ username: "u", password: "p" });
    const put = async (body: HttpAgentSendOptions["body"]) => {
      const request = HttpRequest.put(URL_A);
      const output = await agent.send(request, { body, credentials });
      return [output.response.status, output.attempts];
    };
    assertEquals(await put(body), [200, 2]);
    // No digest can cover this one.
    assertEquals(await put(new Blob(["é"])), [401, 1]);
    assertEquals(network.sent("Authorization").filter(Boolean).length, 1);
  });
}

Deno.test("Credentials: An agent answers a challenge to a body that it can send again, and to no other", async () => {
  const { network, agent } = serve(guarded(() => "1"));
  await using _ = agent;
  const put = async (body: Blob | ReadableStream<Uint8Array>) => {
    // A separate one, so that nothing is sent before the challenge.
    const own = agent.with({ credentials: () => new HttpAuthBearer("1") });
    const request = HttpRequest.put(URL_A);
    const { response, attempts } = await own.send(request, { body });
    return [response.status, attempts];
  };
  assertEquals(await put(new Blob(["body"])), [200, 2]);
  assertEquals(await put(new Blob(["body"]).stream()), [401, 1]);
  assertEquals(network.requests.map(({ body }) => body), [
    ...["body", "body", "body"],
  ]);
});

for (const [way, read] of Object.entries(READERS)) {
  Deno.test(`Credentials: a 401 without credentials for it is returned with its body, read through ${way}`, async () => {
    for (const body of ["", "denied", "x".repeat(600_000)]) {
      for (const credential of [null, new HttpAuthBasic("u", "p")]) {
        const fields = { "WWW-Authenticate": "Bearer" };
        const denied = respond("401 No", body, fields);
        const { network, agent } = serve(() => denied, {
          credentials: () => credential,
        });
        await using _ = agent;
        assertEquals(await read(agent, URL_A), body);
        assertEquals([network.requests.length, agent.stats().busy], [1, 0]);
      }
    }
  });

  Deno.test(`Credentials: a 401 whose body is slower than its credentials is returned, read through ${way}`, async () => {
    const denied = respond("401 No", "denied", { "WWW-Authenticate": "Basic" });
    const { network, agent } = serve(() => ({ write: denied.slice(0, -2) }), {
      credentials() {
        network.servers[0]!.write("ed");
        return null;
      },
    });
    await using _ = agent;
    assertEquals(await read(agent, URL_A), "denied");
    assertEquals(agent.stats().busy, 0);
  });
}

for (const way of ["send()", "text()"]) {
  Deno.test(`Credentials: a 401 that was read ahead, and is above maxBodyBytes, is too large for ${way}`, async () => {
    const head = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n";
    for (
      const rest of [
        `Content-Length: 20\r\n\r\n${"x".repeat(20)}`,
        `Transfer-Encoding: chunked\r\n\r\n14\r\n${
          "x".repeat(20)
        }\r\n0\r\n\r\n`,
      ]
    ) {
      const { agent } = serve(() => head + rest, {
        credentials: () => null,
        maxBodyBytes: 10,
      });
      await using _ = agent;
      const reading = READERS[way]!(agent, URL_A);
      const error = await assertRejects(() => reading, HttpError);
      assertEquals(error.code, "BodyTooLarge");
      assertEquals(error.progress?.responseBytes, head.length + rest.length);
    }
  });
}

Deno.test("Credentials: HttpAgent lets who is asked for credentials use the connection of the challenge", async () => {
  const answer = guarded(() => "t");
  const { network, agent } = serve(
    (request) => request.target === "/token" ? ok("t") : answer(request),
    {
      pool: { maxConnectionsPerOrigin: 1 },
      credentials: async () => {
        const { response } = await agent.send(`${URL_A}token`);
        return new HttpAuthBearer(response.text());
      },
    },
  );
  await using _ = agent;
  const read = READERS["text()"]!;
  const texts = await Promise.all([1, 2, 3].map(() => read(agent, URL_A)));
  assertEquals([texts, network.servers.length], [["t", "t", "t"], 1]);
});

Deno.test("Credentials: HttpAgent frees the connection of a challenge as soon as its slow body ends", async () => {
  const challenge = respond("401 No", "denied", {
    "WWW-Authenticate": "Basic",
  });
  for (const found of [new HttpAuthBasic("u", "p"), null]) {
    const { network, agent } = serve(
      ({ head, target }) =>
        target === "/token" || head.includes("Authorization")
          ? ok("in")
          : { write: challenge.slice(0, -2) },
      {
        pool: { maxConnectionsPerOrigin: 1 },
        credentials: async () => {
          const asking = agent.send(`${URL_A}token`);
          network.servers[0]!.write("ed");
          await asking;
          return found;
        },
      },
    );
    await using _ = agent;
    const { response } = await agent.send(URL_A);
    assertEquals(response.text(), found === null ? "denied" : "in");
    assertEquals(network.servers.length, 1);
  }
});

Deno.test("Credentials: HttpAgent drops a challenge whose body is endless before it answers", async () => {
  const { agent, network } = serve((request) => {
    const reply = guarded(() => "1")(request) as string;
    return reply.includes("denied") ? { write: reply.slice(0, -1) } : reply;
  }, {
    pool: { maxConnectionsPerOrigin: 1 },
    credentials: () => new HttpAuthBearer("1"),
  });
  await using _ = agent;
  assertEquals((await agent.send(URL_A)).response.text(), "1");
  assertEquals([network.open, network.servers.length], [1, 2]);
});

Deno.test("Cookies: An agent keeps cookies from call to call, and from a redirect to the next hop", async () => {
  const cookies = new HttpCookieJar();
  const { network, agent } = serve(({ target }) =>
    target === "/login"
      ? respond("303 See Other", "", {
        Location: "/",
        "Set-Cookie": "session=1; Path=/",
      })
      : ok("hi", { "Set-Cookie": "seen=yes" })
  );
  await using _ = agent;
  const own = HttpRequest.get(URL_A, { headers: { Cookie: "seen=own" } });
  const withJar = agent.with({ cookies });
  await withJar.send(HttpRequest.post(`${URL_A}login`));
  await withJar.send(own);
  await withJar.fetch(URL_A, { credentials: "omit" });
  await withJar.send(URL_A, { cookies: null });
  // There is no jar unless one is given.
  await agent.send(HttpRequest.post(`${URL_A}login`));
  await agent.send(own);
  assertEquals(network.sent("Cookie"), [
    ...[null, "session=1", "seen=own; session=1", null, null],
    ...[null, null, "seen=own"],
  ]);
});
