// Responses that are read whole.

import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import type { Case, Run } from "./_case.ts";

/** The cases. */
export const RESPONSES: Readonly<Record<string, Case>> = {
  "send uses one connection for several requests": reuse,
  "send tells where a redirect leads": redirect,
  "sendHttp10 reads up to the end of file": endOfFile,
};

async function reuse({ connect, url }: Run): Promise<void> {
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

async function redirect({ connect, url }: Run): Promise<void> {
  const client = await connect();
  const output = await client.send(HttpRequest.get(url("/moved")));
  equal("status", output.response.status, 302);
  equal("redirect", output.redirect, { url: url("/lines"), sameOrigin: true });
}

async function endOfFile({ connect, url }: Run): Promise<void> {
  const client = await connect();
  const request = HttpRequest.get(url("/lines"));
  const { response, closeReason } = await client.sendHttp10(request);
  const lines = response.text().split("\n");
  equal("lines", [lines.length, lines.at(-2)], [2001, "line 1999"]);
  equal("closeReason", closeReason, "ReadToClose");
  equal("reusable", client.reusable, false);
}
