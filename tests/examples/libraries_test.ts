// The libraries in `examples/libraries/`, over bytes in memory and through
// `HttpClient.run`, on Deno and in Node.

import { assertEquals, assertObjectMatch } from "@std/assert";
import http from "node:http";
import type { HttpCoroutine } from "@pimalaya/io-http";
import { Secret } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import Provider from "oidc-provider";
import { callMethod } from "../../examples/libraries/jmap.ts";
import {
  freshToken,
  type OAuthApp,
  type OAuthToken,
  requestToken,
} from "../../examples/libraries/oauth.ts";
import { listen, openOrigin } from "../../examples/_server.ts";
import { findProgram } from "../matrix/programs.ts";
import { toBytes, toText } from "../_text.ts";
import { runDeno } from "./_run.ts";

const MAIL = "urn:ietf:params:jmap:mail";
const NOW = Date.UTC(2026, 0, 1);
const APP: OAuthApp = {
  tokenEndpoint: "https://auth.example/token",
  id: "my app",
  secret: "a:b",
};

/** Runs a coroutine over replies in memory; returns what it wrote, and its step. */
function overMemory<Step extends { readonly type: string }>(
  coroutine: HttpCoroutine<Step>,
  replies: string[],
): { written: string; step: Step } {
  let written = "";
  let step = coroutine.resume();
  while (step.type === "WantsRead" || step.type === "WantsWrite") {
    if ("bytes" in step) written += toText(step.bytes as Uint8Array);
    step = step.type === "WantsWrite"
      ? coroutine.resume()
      : coroutine.resume(toBytes(replies.shift()!));
  }
  return { written, step };
}

function json(status: string, value: unknown): string {
  const body = JSON.stringify(value);
  return `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

Deno.test("requestToken sends the grant, and returns the token or the refusal", () => {
  const grant = { grant_type: "client_credentials" };
  const { written, step } = overMemory(requestToken(APP, grant, NOW), [
    json("200 OK", { access_token: "secret", expires_in: 60 }),
  ]);
  assertEquals(
    written,
    "POST /token HTTP/1.1\r\n" +
      "Host: auth.example\r\n" +
      "Content-Type: application/x-www-form-urlencoded\r\n" +
      "Accept: application/json\r\n" +
      `Authorization: Basic ${btoa("my%20app:a%3Ab")}\r\n` +
      "Content-Length: 29\r\n\r\n" +
      "grant_type=client_credentials",
  );
  assertObjectMatch(step, {
    value: { refresh: null, expires: NOW + 60_000 },
    keepAlive: true,
  });
  const refused = overMemory(requestToken(APP, grant, NOW), [
    json("400 Bad Request", { error: "invalid_grant" }),
  ]);
  assertObjectMatch(refused.step, { value: { error: "invalid_grant" } });
});

Deno.test("freshToken sends nothing for a token that is good", () => {
  const token = makeToken(NOW + 60_000);
  const { written, step } = overMemory(freshToken(APP, token, NOW), []);
  assertEquals(written, "");
  assertObjectMatch(step, { type: "Ok", value: token });
});

Deno.test("freshToken keeps the refresh token if there is no new one", () => {
  const { written, step } = overMemory(freshToken(APP, makeToken(NOW), NOW), [
    json("200 OK", { access_token: "next" }),
  ]);
  assertEquals(
    written.split("\r\n\r\n")[1],
    "grant_type=refresh_token&refresh_token=again",
  );
  const { value } = step as unknown as { value: OAuthToken };
  assertEquals(value.access.expose(), "next");
  assertEquals(value.refresh?.expose(), "again");
});

Deno.test("freshToken refreshes a token of oidc-provider", async () => {
  await using provider = await startProvider();
  await using client = await HttpClient.connect(provider.url);
  const app = { ...APP, tokenEndpoint: `${provider.url}token` };
  const grant = { grant_type: "client_credentials" };
  const first = await client.run(requestToken(app, grant, NOW));
  assertObjectMatch(first, {
    value: { refresh: null, expires: NOW + 600_000 },
  });
  const token = { ...makeToken(NOW), refresh: new Secret(provider.refresh) };
  const { value } = await client.run(freshToken(app, token, NOW));
  assertEquals("access" in value && value.access.expose().length > 20, true);
  const wrong = await client.run(freshToken(app, makeToken(NOW), NOW));
  assertEquals(wrong.value, { error: "invalid_grant" });
});

Deno.test("callMethod asks for a connection when it needs another one", () => {
  const call = callMethod(
    "https://mail.example",
    new Secret("Bearer t"),
    MAIL,
    "Mailbox/get",
  );
  const session = {
    apiUrl: "https://api.example/jmap",
    primaryAccounts: { [MAIL]: "u1" },
  };
  const first = overMemory(call, [
    "HTTP/1.1 302 Found\r\nLocation: /session\r\nContent-Length: 0\r\n\r\n",
    json("200 OK", session),
  ]);
  assertEquals(first.written.match(/^GET .*$/gm), [
    "GET /.well-known/jmap HTTP/1.1",
    "GET /session HTTP/1.1",
  ]);
  assertEquals(first.step, {
    type: "WantsConnection",
    url: new URL("https://api.example/jmap"),
  });
  const second = overMemory(call, [
    json("200 OK", { methodResponses: [["Mailbox/get", { list: [] }, "0"]] }),
  ]);
  assertEquals(
    second.written.split("\r\n\r\n")[1],
    '{"using":["urn:ietf:params:jmap:core","urn:ietf:params:jmap:mail"],' +
      '"methodCalls":[["Mailbox/get",{"accountId":"u1"},"0"]]}',
  );
  assertObjectMatch(second.step, { type: "Ok", value: { list: [] } });
});

const node = await findProgram("node24/bin/node");

Deno.test({
  name: "callMethod runs through HttpClient.run in Deno and in Node",
  ignore: node === null,
  fn: () => runInBoth(node!),
});

async function runInBoth(node: string): Promise<void> {
  await using origin = openOrigin("/");
  const args = [origin.url, "a-token"];
  const expected = /name: ["']Inbox["']/;
  const deno = await runDeno(
    ["run", "--allow-net", "examples/jmap_session.ts", ...args],
  );
  assertEquals([expected.test(deno.stdout), deno.stderr], [true, ""]);
  // Node knows neither TypeScript's imports nor Deno: a bundle of the library, and
  // the same lines around it.
  const script = await Deno.makeTempFile({ suffix: ".mjs" });
  try {
    const bundled = await runDeno([
      ...["bundle", "--quiet", `--output=${script}`],
      "tests/examples/_jmap_in_node.ts",
    ]);
    assertEquals([bundled.code, bundled.stderr], [0, ""]);
    const { stdout, stderr } = await new Deno.Command(node, {
      args: [script, ...args],
    }).output();
    assertEquals(new TextDecoder().decode(stderr), "");
    assertEquals(expected.test(new TextDecoder().decode(stdout)), true);
  } finally {
    await Deno.remove(script);
  }
}

function makeToken(expires: number): OAuthToken {
  return {
    access: new Secret("old"),
    refresh: new Secret("again"),
    expires,
  };
}

/** Starts oidc-provider, with a refresh token as if a user had logged in. */
async function startProvider(): Promise<
  AsyncDisposable & { readonly url: string; readonly refresh: string }
> {
  const { warn, info } = console;
  // It warns about its keys and its store, which are fine for a test.
  console.warn = console.info = () => {};
  const provider = new Provider("http://localhost", {
    clients: [{
      client_id: APP.id,
      client_secret: APP.secret,
      grant_types: ["client_credentials", "refresh_token"],
      redirect_uris: [],
      response_types: [],
    }],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
    },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id }),
    }),
  });
  const scope = "openid offline_access";
  const grant = new provider.Grant({ accountId: "me", clientId: APP.id });
  grant.addOIDCScope(scope);
  const grantId = await grant.save();
  const client = (await provider.Client.find(APP.id))!;
  const token = { accountId: "me", client, grantId, scope };
  const refresh = await new provider.RefreshToken(
    { ...token, gty: "authorization_code" } as never,
  ).save();
  const server = await listen(http.createServer(provider.callback()));
  return {
    url: server.url,
    refresh,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      Object.assign(console, { warn, info });
    },
  };
}
