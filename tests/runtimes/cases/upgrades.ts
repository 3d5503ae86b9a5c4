// Connections that stop speaking HTTP.

import { HttpClient } from "../../../client/mod.ts";
import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import { casesOf, getText, type Group } from "./_case.ts";

/** Connections that stop speaking HTTP. */
export const UPGRADES: Group = {
  title: "Upgrade and CONNECT",
  cases: casesOf(undefined, {
    /** The server speaks first, then sends its input back. */
    async "detach returns the stream of an upgrade"({ connect, url }) {
      const client = await connect();
      const headers = { "Connection": "Upgrade", "Upgrade": "echo" };
      const request = HttpRequest.get(url("/"), { headers });
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
    },

    async "detach returns a tunnel that carries another client"(env) {
      const client = await env.connect();
      const target = `http://127.0.0.1:${env.port}`;
      const { upgraded } = await client.send(
        new HttpRequest("CONNECT", target),
      );
      equal("upgraded", upgraded, true);
      const inner = env.use(new HttpClient(client.detach()));
      equal("text", await getText(inner, env.url("/hello")), "hello");
    },
  }),
};
