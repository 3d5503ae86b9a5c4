// SDKs that take a `fetch` run on ours, unchanged: over TCP, over a Unix socket,
// and with a client certificate.

import { assertEquals, assertRejects } from "@std/assert";
import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { Octokit } from "@octokit/core";
import { FetchHttpHandler } from "@smithy/fetch-http-handler";
import { PostgrestClient } from "@supabase/postgrest-js";
import ky from "ky";
import OpenAI, { APIUserAbortError } from "openai";
import { createFetch } from "@pimalaya/io-http/agent";
import { type SdkServer, TRANSPORTS } from "./_sdk_server.ts";

type Sdk = (
  fetch: typeof globalThis.fetch,
  server: SdkServer,
) => Promise<void>;

const SDKS: Record<string, Sdk> = {
  async openai(fetch, { url, aborted }) {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "key", fetch });
    const ask = (content: string) => ({
      model: "m",
      messages: [{ role: "user" as const, content }],
    });
    const { choices } = await client.chat.completions.create(ask("hello"));
    assertEquals(choices[0]?.message.content, "hello");

    let text = "";
    const stream = await client.chat.completions.create({
      ...ask("streamed"),
      stream: true,
    });
    for await (const { choices } of stream) text += choices[0]?.delta.content;
    assertEquals(text, "streamed");

    const endless = await client.chat.completions.create({
      ...ask("endless"),
      stream: true,
    });
    for await (const _ of endless) break;
    await aborted;

    const signal = AbortSignal.abort();
    await assertRejects(
      () => client.chat.completions.create(ask("hello"), { signal }),
      APIUserAbortError,
    );
  },

  async "@octokit/core"(fetch, { url }) {
    const octokit = new Octokit({
      baseUrl: url,
      userAgent: "test",
      request: { fetch },
    });
    const { status, data } = await octokit.request(
      "POST /repos/{owner}/{repo}/issues",
      { owner: "o", repo: "r", title: "é" },
    );
    assertEquals([status, data.title], [201, "é"]);
    await assertRejects(() => octokit.request("GET /nothing"), Error);
  },

  async ky(fetch, { url }) {
    const api = ky.create({ prefix: url, fetch });
    const items = await api.post("items", { json: { a: 1 } }).json();
    assertEquals(items, [{ a: 1 }]);
    assertEquals(await api.get("flaky").json(), { count: 2 });
    const retry = { delay: () => 0 };
    assertEquals(await api.get("lost", { retry }).json(), { lost: 2 });
  },

  async "@supabase/postgrest-js"(fetch, { url }) {
    const client = new PostgrestClient(url, { fetch });
    const { data } = await client.from("items").select("a").eq("b", 1);
    assertEquals(data, [{ query: "/items?select=a&b=eq.1" }] as never);
    const inserted = await client.from("items").insert({ c: 2 }).select();
    assertEquals(inserted.data, [{ c: 2 }] as never);
  },

  async "@aws-sdk/client-s3"(fetch, { url }) {
    const client = new S3Client({
      region: "r",
      endpoint: url,
      forcePathStyle: true,
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
      requestHandler: new FetchHttpHandler({ customFetch: fetch }),
      maxAttempts: 1,
    });
    const object = { Bucket: "b", Key: "k é" };
    await client.send(new PutObjectCommand({ ...object, Body: "object" }));
    const { Body } = await client.send(new GetObjectCommand(object));
    assertEquals(await Body?.transformToString(), "object");
    await assertRejects(
      () => client.send(new GetObjectCommand({ Bucket: "b", Key: "none" })),
      NoSuchKey,
    );
    client.destroy();
  },
};

for (const [transport, start] of Object.entries(TRANSPORTS)) {
  for (const [name, run] of Object.entries(SDKS)) {
    Deno.test(`${name} runs on createFetch over ${transport}`, async () => {
      await using server = await start();
      await using fetch = createFetch(server.options);
      await run(fetch, server);
    });
  }
}
