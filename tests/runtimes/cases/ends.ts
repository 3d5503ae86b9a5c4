// How calls and connections end. The origin reports over another connection:
// `/arrived` and `/ended` answer once the request of that name has arrived, and
// once its connection is gone.

import type { HttpClient } from "../../../client/mod.ts";
import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import { type Env, getText, type Group, reasonOf } from "./_case.ts";

export const ENDS: Group = {
  title: "Abort, close, cancel",
  cases: [
    { name: "an aborted signal ends the call and the connection", run: abort },
    { name: "close ends the current call", run: close },
    { name: "canceling a body ends the connection", run: cancel },
    { name: "a closed client rejects a request", run: afterClose },
  ],
};

async function abort(env: Env): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const reason = await endCall(
    env,
    (client, request) => client.send(request, { signal }),
    () => controller.abort(new RangeError("Enough")),
  );
  equal("reason", reason.name, "RangeError");
}

async function close(env: Env): Promise<void> {
  const reason = await endCall(
    env,
    (client, request) => client.send(request),
    (client) => client.close(),
  );
  equal("reason", reason.name, "AbortError");
}

/** Ends a call that gets no response, and returns what it rejects with. */
async function endCall(
  { connect, url }: Env,
  start: (client: HttpClient, request: HttpRequest) => Promise<unknown>,
  end: (client: HttpClient) => unknown,
): Promise<Error> {
  const witness = await connect();
  const client = await connect();
  const id = Math.random();
  const reason = reasonOf(start(client, HttpRequest.get(url(`/hang?${id}`))));
  equal("arrived", await getText(witness, url(`/arrived?${id}`)), "yes");
  await end(client);
  const error = await reason as Error;
  equal("reusable", client.reusable, false);
  equal("ended", await getText(witness, url(`/ended?${id}`)), "yes");
  return error;
}

async function cancel({ connect, url }: Env): Promise<void> {
  const witness = await connect();
  const client = await connect();
  const id = Math.random();
  const request = HttpRequest.get(url(`/endless?${id}`));
  const { body } = await client.exchange(request);
  const reader = body.getReader();
  await reader.read();
  await reader.cancel();
  equal("reusable", client.reusable, false);
  equal("ended", await getText(witness, url(`/ended?${id}`)), "yes");
}

async function afterClose({ connect, url }: Env): Promise<void> {
  const client = await connect();
  equal("response", await getText(client, url("/hello")), "hello");
  await client.close();
  await client.close();
  const call = client.send(HttpRequest.get(url("/hello")));
  equal("reason", (await reasonOf(call) as Error).name, "TypeError");
}
