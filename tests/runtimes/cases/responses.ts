// Exchanges on a connection that is kept, and ends.

import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import type { Env, Group } from "./_case.ts";

export const RESPONSES: Group = {
  title: "Keep-alive, redirects, HTTP/1.0",
  cases: [
    { name: "send uses one connection for several requests", run: reuse },
    { name: "send reports a redirect", run: redirect },
    { name: "sendHttp10 reads to the end of file", run: endOfFile },
  ],
};

async function reuse({ connect, url }: Env): Promise<void> {
  const client = await connect();
  const ports = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const body = `request ${i}`;
    const request = HttpRequest.post(url("/echo"), { body });
    const { response, keepAlive } = await client.send(request);
    equal("status", response.status, 200);
    equal("body", response.text(), body);
    equal("keepAlive", keepAlive, true);
    equal("reusable", client.reusable, true);
    ports.add(String(response.header("x-client-port")));
  }
  equal("connections", ports.size, 1);
}

async function redirect({ connect, url }: Env): Promise<void> {
  const client = await connect();
  const output = await client.send(HttpRequest.get(url("/moved")));
  equal("status", output.response.status, 302);
  equal("redirect", output.redirect, { url: url("/lines"), sameOrigin: true });
}

async function endOfFile({ connect, url }: Env): Promise<void> {
  const client = await connect();
  const request = HttpRequest.get(url("/lines"));
  const { response, closeReason } = await client.sendHttp10(request);
  const lines = response.text().split("\n");
  equal("lines", [lines.length, lines.at(-2)], [2001, "line 1999"]);
  equal("closeReason", closeReason, "ReadToClose");
  equal("reusable", client.reusable, false);
}
