// The policies of a call, driven by an agent: content codings (docs/policies.md, "Content codings"),
// credentials, and cookies.

import { assert, assertEquals, assertRejects } from "@std/assert";
import zlib from "node:zlib";
import { HttpAuthBearer, HttpError, HttpRequest } from "@pimalaya/io-http";
import {
  HttpAgent,
  type HttpAgentOptions,
  type HttpCredentialsAsk,
} from "@pimalaya/io-http/agent";
import { HttpCookieJar } from "@pimalaya/io-http/cookies";
import { toText } from "../_text.ts";
import { FakeClock } from "./_clock.ts";
import { type Handler, Network, ok, respond } from "./_network.ts";

const URL_A = "http://a.example/";

function serve(handle: Handler, options: HttpAgentOptions = {}) {
  const network = new Network(handle);
  return { network, agent: new HttpAgent({ connector: network, ...options }) };
}

function gzipped(text: string | Uint8Array): string {
  return toText(zlib.gzipSync(text));
}

function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => "none", (error: HttpError) => error.code);
}

/** The values of a field in all requests so far, or `null` where it was not. */
function sent(network: Network, name: string): (string | null)[] {
  const pattern = new RegExp(`\\r\\n${name}: (.*)\\r\\n`, "i");
  return network.requests.map(({ head }) => pattern.exec(head)?.[1] ?? null);
}

Deno.test("An agent decodes bodies, and reports of what", async () => {
  const { network, agent } = serve(() =>
    ok(gzipped("text"), { "Content-Encoding": "GZip", ETag: "1" })
  );
  await using _ = agent;
  const output = await agent.send(URL_A);
  assertEquals(output.response.text(), "text");
  assertEquals(output.decoded, ["gzip"]);
  assertEquals([...output.response.headers], [["ETag", "1"]]);

  const exchange = await agent.exchange(URL_A);
  assertEquals([...exchange.response.headers], [["ETag", "1"]]);
  assertEquals(exchange.decoded, ["gzip"]);
  assertEquals(await exchange.text(), "text");
  const { body } = await agent.exchange(URL_A);
  assertEquals(await new Response(body).text(), "text");
  const response = (await agent.exchange(URL_A)).toResponse();
  assertEquals(await response.text(), "text");

  const raw = await agent.send(URL_A, { decode: false });
  assertEquals(toText(raw.response.body), gzipped("text"));
  assertEquals(raw.decoded, []);
  const offers = Array(4).fill("gzip, deflate, br");
  assertEquals(sent(network, "Accept-Encoding"), [...offers, null]);
});

Deno.test("An agent decodes what it did not ask for, and offers what the caller says", async () => {
  const { network, agent } = serve(() =>
    ok(gzipped("text"), { "Content-Encoding": "gzip" })
  );
  await using _ = agent;
  const get = (headers: Record<string, string>) =>
    agent.send(HttpRequest.get(URL_A, { headers }));
  const own = await get({ "Accept-Encoding": "x" });
  assertEquals(own.response.text(), "text");
  const range = await get({ Range: "bytes=0-" });
  assertEquals(range.response.text(), "text");
  assertEquals(sent(network, "Accept-Encoding"), ["x", null]);
});

Deno.test("An agent fails at a body that is corrupt or expands too far, in each way to read it", async () => {
  // 10 GB of zeros in 10 MB.
  const bomb = gzipped(new Uint8Array(2 ** 24)).repeat(640);
  const { network, agent } = serve(({ target }) =>
    ok(target === "/bomb" ? bomb : gzipped("text").slice(0, -1), {
      "Content-Encoding": "gzip",
    })
  );
  await using _ = agent;
  const faults = [["", "InvalidContentCoding"], ["bomb", "BodyTooLarge"]];
  for (const [path, expected] of faults) {
    const url = URL_A + path;
    assertEquals(await codeOf(agent.send(url)), expected);
    const bytes = async () => await (await agent.exchange(url)).bytes();
    assertEquals(await codeOf(bytes()), expected);
    const stream = async () =>
      await new Response((await agent.exchange(url)).body).bytes();
    assertEquals(await codeOf(stream()), expected);
    const fetched = async () => await (await agent.fetch(url)).text();
    const { cause } = await assertRejects(fetched, TypeError);
    assert(cause instanceof HttpError && cause.code === expected);
  }
  await agent.close();
  assertEquals(network.open, 0);
});

Deno.test("maxBodyBytes counts decoded bytes", async () => {
  const { agent } = serve(() =>
    ok(gzipped("x".repeat(101)), { "Content-Encoding": "gzip" })
  );
  await using _ = agent;
  const limit = (maxBodyBytes: number) =>
    codeOf(agent.send(URL_A, { maxBodyBytes }));
  assertEquals([await limit(100), await limit(101)], ["BodyTooLarge", "none"]);
});

Deno.test("An agent with retry makes another attempt if connecting takes too long", async () => {
  const clock = new FakeClock();
  const { network, agent } = serve(() => ok("late"), {
    clock,
    timeouts: { connect: 50 },
    retry: { backoff: () => 100 },
  });
  await using _ = agent;
  const connect = network.connect.bind(network);
  let attempts = 0;
  network.connect = (target, options) =>
    attempts++ > 0 ? connect(target, options) : new Promise((_, reject) => {
      const { signal } = options!;
      signal!.addEventListener("abort", () => reject(signal!.reason));
    });
  const sending = agent.send(URL_A);
  await clock.pass(60);
  await clock.pass(110);
  assertEquals((await sending).response.text(), "late");
  assertEquals(attempts, 2);
});

/** Asks for a token, and refuses those that it does not accept. */
function guarded(accepts: () => string): Handler {
  return ({ head }) => {
    const token = /\r\nauthorization: Bearer (.*)\r\n/i.exec(head)?.[1];
    if (token === accepts()) return ok(token);
    const error = token === undefined ? "" : ', error="invalid_token"';
    return respond("401 Unauthorized", "", {
      "WWW-Authenticate": `Bearer realm="r"${error}`,
    });
  };
}

Deno.test("Concurrent calls share one search for credentials, and one refresh", async () => {
  let valid = "1";
  const asks: HttpCredentialsAsk[] = [];
  const { network, agent } = serve(guarded(() => valid), {
    credentials: async (ask) => {
      asks.push(ask);
      await new Promise((resolve) => setTimeout(resolve, 5));
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

Deno.test("Credentials of one agent are not those of another over the same pool", async () => {
  const { network, agent } = serve(guarded(() => "1"), {
    credentials: () => new HttpAuthBearer("1"),
  });
  await using _ = agent;
  const authorizations = async (run: () => Promise<unknown>) => {
    network.requests.length = 0;
    await run();
    return sent(network, "Authorization");
  };
  await agent.send(URL_A);
  const kept = ["Bearer 1"];
  assertEquals(await authorizations(() => agent.send(URL_A)), kept);
  assertEquals(await authorizations(() => agent.with({}).send(URL_A)), kept);
  const other = agent.with({ credentials: () => new HttpAuthBearer("x") });
  assertEquals(await authorizations(() => other.send(URL_A)), [
    ...[null, "Bearer x", "Bearer x"],
  ]);
  const none = [null];
  const off = agent.with({ credentials: null });
  assertEquals(await authorizations(() => off.send(URL_A)), none);
  const omit = () => agent.fetch(URL_A, { credentials: "omit" });
  assertEquals(await authorizations(omit), none);
});

Deno.test("An agent fails with what credentials throws", async () => {
  const { agent } = serve(guarded(() => "1"), {
    credentials: () => {
      throw new RangeError("No vault");
    },
  });
  await using _ = agent;
  await assertRejects(() => agent.send(URL_A), RangeError, "No vault");
});

Deno.test("An agent answers a challenge to a body that it can send again, and to no other", async () => {
  const { network, agent } = serve(guarded(() => "1"), {
    credentials: () => new HttpAuthBearer("1"),
  });
  await using _ = agent;
  const put = async (body: Blob | ReadableStream<Uint8Array>) => {
    // Of its own, so that nothing is sent ahead of the challenge.
    const own = agent.with({ credentials: () => new HttpAuthBearer("1") });
    const { response, attempts } = await own.send(HttpRequest.put(URL_A), {
      body,
    });
    return [response.status, attempts];
  };
  assertEquals(await put(new Blob(["body"])), [200, 2]);
  assertEquals(await put(new Blob(["body"]).stream()), [401, 1]);
  assertEquals(network.requests.map(({ body }) => body), [
    ...["body", "body", "body"],
  ]);
});

Deno.test("An agent keeps cookies from call to call, and from a redirect to the next hop", async () => {
  const cookies = new HttpCookieJar();
  const { network, agent } = serve(
    ({ target }) =>
      target === "/login"
        ? respond("303 See Other", "", {
          Location: "/",
          "Set-Cookie": "session=1; Path=/",
        })
        : ok("hi", { "Set-Cookie": "seen=yes" }),
    { cookies },
  );
  await using _ = agent;
  await agent.send(HttpRequest.post(`${URL_A}login`));
  await agent.send(HttpRequest.get(URL_A, { headers: { Cookie: "seen=own" } }));
  await agent.fetch(URL_A, { credentials: "omit" });
  await agent.send(URL_A, { cookies: null });
  assertEquals(sent(network, "Cookie"), [
    null,
    "session=1",
    "seen=own; session=1",
    null,
    null,
  ]);
});
