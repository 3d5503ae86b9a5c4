// Connections that stop speaking HTTP.

import { HttpClient } from "../../../client/mod.ts";
import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import { type Env, getText, type Group } from "./_case.ts";

export const UPGRADES: Group = {
  title: "Upgrade and CONNECT",
  cases: [
    { name: "detach returns the stream of an upgrade", run: upgrade },
    {
      name: "detach returns a tunnel that carries another client",
      run: tunnel,
    },
  ],
};

/** The server speaks first, then sends back what it reads. */
async function upgrade({ connect, url }: Env): Promise<void> {
  const client = await connect();
  const request = HttpRequest.get(url("/"))
    .header("Connection", "Upgrade").header("Upgrade", "echo");
  const { response, upgraded } = await client.send(request);
  equal("answer", [response.status, upgraded], [101, true]);
  const { readable, writable } = client.detach();
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode(" there"));
  const reader = readable.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (text.length < 11) {
    const { value, done } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  equal("text", text, "hello there");
  await reader.cancel();
  await writer.close().catch(() => {});
}

async function tunnel({ connect, url, port, use }: Env): Promise<void> {
  const client = await connect();
  const request = new HttpRequest("CONNECT", `http://127.0.0.1:${port}`);
  const { upgraded } = await client.send(request);
  equal("upgraded", upgraded, true);
  const inner = use(new HttpClient(client.detach()));
  equal("text", await getText(inner, url("/hello")), "hello");
}
