// The libraries in `examples/libraries/`, over bytes in memory and through
// `HttpClient.run`, on Deno and in Node.

import { assert, assertEquals, assertObjectMatch } from "@std/assert";
import http from "node:http";
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
import { bundle, findProgram } from "../matrix/programs.ts";
import { overMemory, reply } from "./_memory.ts";
import { assertPrints, runDeno } from "./_run.ts";

const MAIL = "urn:ietf:params:jmap:mail";
const NOW = Date.UTC(2026, 0, 1);
const APP: OAuthApp = {
  tokenEndpoint: "https://auth.example/token",
  id: "my app",
  secret: "a:b",
};
const GRANT = { grant_type: "client_credentials" };

function json(status: string, value: unknown): string {
  return reply(status, JSON.stringify(value));
}

function makeToken(expires: number, refresh = "again"): OAuthToken {
  return { access: new Secret("old"), refresh: new Secret(refresh), expires };
}

Deno.test("requestToken sends the grant, and returns the token or the refusal", () => {
  const token = { access_token: "secret", expires_in: 60 };
  const { written, step } = overMemory(
    requestToken(APP, GRANT, NOW),
    json("200 OK", token),
  );
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
  const value = { refresh: null, expires: NOW + 60_000 };
  assertObjectMatch(step, { value, keepAlive: true });
  const refused = overMemory(
    requestToken(APP, GRANT, NOW),
    json("400 Bad Request", { error: "invalid_grant" }),
  );
  assertObjectMatch(refused.step, { value: { error: "invalid_grant" } });
});

Deno.test("freshToken sends nothing for a token that is good", () => {
  const token = makeToken(NOW + 60_000);
  const { written, step } = overMemory(freshToken(APP, token, NOW));
  assertEquals(written, "");
  assertObjectMatch(step, { type: "Ok", value: token });
});

Deno.test("freshToken keeps the refresh token if there is no new one", () => {
  const { written, step } = overMemory(
    freshToken(APP, makeToken(NOW), NOW),
    json("200 OK", { access_token: "next" }),
  );
  const body = "grant_type=refresh_token&refresh_token=again";
  assertEquals(written.split("\r\n\r\n")[1], body);
  const { access, refresh } = (step as unknown as { value: OAuthToken }).value;
  assertEquals([access.expose(), refresh?.expose()], ["next", "again"]);
});

Deno.test("freshToken refreshes a token of oidc-provider", async () => {
  await using provider = await startProvider();
  await using client = await HttpClient.connect(provider.url);
  const app = { ...APP, tokenEndpoint: `${provider.url}token` };
  const first = await client.run(requestToken(app, GRANT, NOW));
  const value = { refresh: null, expires: NOW + 600_000 };
  assertObjectMatch(first, { value });
  const token = makeToken(NOW, provider.refresh);
  const next = await client.run(freshToken(app, token, NOW));
  assert("access" in next.value && next.value.access.expose().length > 20);
  const wrong = await client.run(freshToken(app, makeToken(NOW), NOW));
  assertEquals(wrong.value, { error: "invalid_grant" });
});

Deno.test("callMethod asks for a connection when it needs another one", () => {
  const url = "https://mail.example";
  const call = callMethod(url, new Secret("Bearer t"), MAIL, "Mailbox/get");
  const apiUrl = "https://api.example/jmap";
  const { written, step } = overMemory(
    call,
    reply("302 Found", "", "Location: /session\r\n"),
    json("200 OK", { apiUrl, primaryAccounts: { [MAIL]: "u1" } }),
  );
  assertEquals(written.match(/^GET .*$/gm), [
    "GET /.well-known/jmap HTTP/1.1",
    "GET /session HTTP/1.1",
  ]);
  assertEquals(step, { type: "WantsConnection", url: new URL(apiUrl) });
  const second = overMemory(
    call,
    json("200 OK", { methodResponses: [["Mailbox/get", { list: [] }, "0"]] }),
  );
  assertEquals(
    second.written.split("\r\n\r\n")[1],
    '{"using":["urn:ietf:params:jmap:core","urn:ietf:params:jmap:mail"],' +
      '"methodCalls":[["Mailbox/get",{"accountId":"u1"},"0"]]}',
  );
  assertObjectMatch(second.step, { type: "Ok", value: { list: [] } });
});

const node = await findProgram("node24/bin/node");

Deno.test({
  name:
    "callMethod runs through HttpClient.run in Node, as its example on Deno",
  ignore: node === null,
  async fn() {
    await using origin = openOrigin("/");
    // Node knows neither TypeScript's imports nor Deno: a bundle of the library,
    // and the same lines around it.
    const script = await Deno.makeTempFile({ suffix: ".mjs" });
    try {
      await bundle(new URL("_jmap_in_node.ts", import.meta.url), script);
      const run = await runDeno([script, origin.url, "a-token"], {}, node!);
      assertPrints(run, /name: ["']Inbox["']/);
    } finally {
      await Deno.remove(script);
    }
  },
});

/** Starts oidc-provider, with a refresh token as if a user had logged in. */
async function startProvider(): Promise<
  AsyncDisposable & { readonly url: string; readonly refresh: string }
> {
  const { warn, info } = console;
  // It warns about its keys and its store, which are fine for a test.
  console.warn = console.info = () => {};
  const provider = new Provider("http://localhost", {
    clients: [{
      ...{ client_id: APP.id, client_secret: APP.secret },
      grant_types: ["client_credentials", "refresh_token"],
      ...{ redirect_uris: [], response_types: [] },
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
