// `HttpAgent.fetch`, with the Request and the Response of each runtime.

import { HttpAgent } from "../../../agent/mod.ts";
import { equal } from "../../_sweep.ts";
import { type Env, type Group, reasonOf } from "./_case.ts";

/** `fetch` over an agent. */
export const FETCH: Group = {
  title: "fetch: redirects, bodies, codings, aborts, clones",
  cases: [
    {
      name: "a response tells where it comes from, and so does its clone",
      needs: ["sockets"],
      run: async (env) => {
        const response = await open(env)(env.url("/moved#fragment"));
        const clone = response.clone();
        for (const each of [response, clone]) {
          equal("url", each.url, env.url("/lines"));
          equal("redirected", each.redirected, true);
          equal("type", each.type, "basic");
          equal("class", each instanceof Response, true);
        }
        equal("text", await clone.text(), await response.text());
      },
    },
    {
      name: "headers cannot be changed",
      needs: ["sockets"],
      run: async (env) => {
        const { headers, body } = await open(env)(env.url("/hello"));
        let thrown: unknown = null;
        try {
          headers.set("a", "b");
        } catch (error) {
          thrown = error;
        }
        equal("TypeError", thrown instanceof TypeError, true);
        await body?.cancel();
      },
    },
    {
      name: "a body is sent in each kind, also in a Request",
      needs: ["sockets"],
      run: async (env) => {
        const fetch = open(env);
        const url = env.url("/echo");
        const stream = new Blob(["body"]).stream();
        const bodies = ["body", new Blob(["body"]), stream];
        for (const body of bodies) {
          const init = { method: "POST", body, duplex: "half" };
          equal("echo", await (await fetch(url, init)).text(), "body");
        }
        const request = new Request(url, { method: "PUT", body: "body" });
        equal("echo", await (await fetch(request)).text(), "body");
      },
    },
    {
      name: "a body arrives without its coding",
      needs: ["sockets"],
      run: async (env) => {
        const response = await open(env)(env.url("/gzip"));
        equal("coding", response.headers.get("content-encoding"), "gzip");
        equal("text", (await response.text()).length > 0, true);
      },
    },
    {
      name: "a body fails with the reason of a signal",
      needs: ["sockets"],
      run: async (env) => {
        const controller = new AbortController();
        const response = await open(env)(env.url("/endless"), {
          signal: controller.signal,
        });
        const text = response.text();
        controller.abort("why");
        equal("reason", await reasonOf(text), "why");
      },
    },
    {
      name: "data: URLs are read, and other failures are TypeErrors",
      needs: ["sockets"],
      run: async (env) => {
        const fetch = open(env);
        const data = await fetch("data:text/plain;base64,aGk=");
        equal("text", await data.text(), "hi");
        const reason = await reasonOf(fetch("ftp://example.test/"));
        equal("TypeError", reason instanceof TypeError, true);
      },
    },
  ],
};

function open(env: Env): typeof fetch {
  return env.use(new HttpAgent({ connector: env.connector })).fetch;
}
