// How calls and connections end. The origin reports over another connection:
// `/arrived` and `/ended` answer once the request of that name has arrived, and
// once its connection is gone.

import type { HttpClient } from "../../../client/mod.ts";
import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import { casesOf, type Env, getText, type Group, reasonOf } from "./_case.ts";

/** How calls and connections end. */
export const ENDS: Group = {
  title: "Abort, close, cancel",
  cases: casesOf(undefined, {
    async "an aborted signal ends the call and the connection"(env) {
      const controller = new AbortController();
      const reason = new RangeError("Enough");
      const error = await endCall(env, controller.signal, () => {
        controller.abort(reason);
      });
      equal("is the reason", error === reason, true);
    },

    async "close ends the current call"(env) {
      const error = await endCall(env, undefined, (client) => client.close());
      equal("reason", (error as Error).name, "AbortError");
    },

    async "canceling a body ends the connection"({ connect, url }) {
      const client = await connect();
      const id = Math.random();
      const request = HttpRequest.get(url(`/endless?${id}`));
      const { body } = await client.exchange(request);
      const reader = body.getReader();
      await reader.read();
      await reader.cancel();
      equal("reusable", client.reusable, false);
      const witness = await connect();
      equal("ended", await getText(witness, url(`/ended?${id}`)), "yes");
    },

    async "a closed client rejects a request"({ connect, url }) {
      const client = await connect();
      equal("response", await getText(client, url("/hello")), "hello");
      await client.close();
      await client.close();
      const reason = await reasonOf(getText(client, url("/hello")));
      equal("reason", (reason as Error).name, "TypeError");
    },
  }),
};

/** Ends a call that gets no response, and returns its error. */
async function endCall(
  { connect, url }: Env,
  signal: AbortSignal | undefined,
  end: (client: HttpClient) => unknown,
): Promise<unknown> {
  const witness = await connect();
  const client = await connect();
  const id = Math.random();
  const request = HttpRequest.get(url(`/hang?${id}`));
  const reason = reasonOf(client.send(request, { signal }));
  equal("arrived", await getText(witness, url(`/arrived?${id}`)), "yes");
  await end(client);
  const error = await reason;
  equal("reusable", client.reusable, false);
  equal("ended", await getText(witness, url(`/ended?${id}`)), "yes");
  return error;
}
