// `HttpAgent.fetch`, with the Request and the Response of each runtime.

import { Secret } from "../../../mod.ts";
import { isNode, isWorkers } from "../../../client/transport/node_socket.ts";
import { nextTurn } from "../../../client/transport/turn.ts";
import { equal } from "../../_sweep.ts";
import { casesOf, type Group, reasonOf } from "./_case.ts";

/** `fetch` over an agent. */
export const FETCH: Group = {
  title: "fetch: redirects, bodies, codings, aborts, clones",
  cases: casesOf("sockets", {
    async "a response tells where it comes from, and so does its clone"(env) {
      const response = await env.agent().fetch(env.url("/moved#fragment"));
      const clone = response.clone();
      for (const each of [response, clone]) {
        equal("url", each.url, env.url("/lines"));
        equal("redirected", each.redirected, true);
        equal("type", each.type, "basic");
        equal("class", each instanceof Response, true);
      }
      equal("text", await clone.text(), await response.text());
    },

    async "a body that is text is cloned until it is read"(env) {
      for (const read of ["text", "arrayBuffer"] as const) {
        const response = await env.agent().fetch(env.url("/hello"));
        const clone = response.clone();
        await response[read]();
        const reason = await reasonOf((async () => await response.clone())());
        equal("class", reason instanceof TypeError, true);
        equal("text", await clone.clone().text(), "hello");
      }
    },

    async "headers cannot be changed"(env) {
      const { headers, body } = await env.agent().fetch(env.url("/hello"));
      const change = async () => await headers.set("a", "b");
      equal("class", await reasonOf(change()) instanceof TypeError, true);
      await body?.cancel();
    },

    async "a body is sent in each kind, also in a Request"(env) {
      const { fetch } = env.agent();
      const url = env.url("/echo");
      const stream = new Blob(["body"]).stream();
      for (const body of ["body", new Blob(["bo", "dy"]), stream]) {
        const init = { method: "POST", body, duplex: "half" };
        equal("echo", await (await fetch(url, init)).text(), "body");
      }
    },

    async "a Request is used up, and lends an init no fields"(env) {
      const { fetch } = env.agent();
      const url = env.url("/echo");
      const make = () => new Request(url, { method: "PUT", body: "body" });
      const request = make();
      equal("echo", await (await fetch(request)).text(), "body");
      const signal = AbortSignal.abort("why");
      const aborted = make();
      equal("reason", await reasonOf(fetch(aborted, { signal })), "why");
      for (const used of [request, aborted]) {
        equal("used", used.bodyUsed, true);
        const reason = await reasonOf(fetch(used));
        equal("class", reason instanceof TypeError, true);
      }
      const fields = { headers: { "X-A": "1" } };
      for (const headers of [{ "X-B": "2" }, {}]) {
        const other = new Request(env.url("/headers"), fields);
        const text = await (await fetch(other, { headers })).text();
        equal("fields", /x-a/i.test(text), false);
      }
    },

    async "an init of a Request counts, whatever the runtime's Request knows"(
      env,
    ) {
      const asked: string[] = [];
      const { fetch } = env.agent({
        cookies: {
          header: () => (asked.push("a cookie"), null),
          store: () => asked.push("a jar"),
        },
      });
      const make = () => new Request(env.url("/hello"));
      await (await fetch(make(), { credentials: "omit" })).text();
      equal("asked for", asked.join(), "");
      const integrity = `sha256-${"A".repeat(43)}=`;
      for (const init of [{ integrity }, { method: "TRACE" }, { body: "x" }]) {
        const reason = await reasonOf(fetch(make(), init));
        equal("class", reason instanceof TypeError, true);
      }
    },

    async "fields of one name are sent as one line, but not with a secret"(
      env,
    ) {
      const headers: [string, string][] = [["X-a", "1"], ["x-A", "2"]];
      headers.push(["cookie", "a=1"], ["Cookie", "b=2"]);
      headers.push(["S", new Secret("1") as unknown as string], ["s", "2"]);
      const response = await env.agent().fetch(env.url("/headers"), {
        headers,
      });
      const raw = await response.text();
      const sent = '"X-a","1, 2","cookie","a=1; b=2","S","1","s","2"';
      equal(`sent, of ${raw}`, raw.includes(sent), true);
    },

    async "a body arrives without its coding"(env) {
      const response = await env.agent().fetch(env.url("/gzip"));
      equal("coding", response.headers.get("content-encoding"), "gzip");
      equal("text", await response.text(), "squeezed ".repeat(1000));
    },

    async "a body fails with the reason of a signal"(env) {
      const controller = new AbortController();
      const { signal } = controller;
      const url = env.url("/endless");
      const response = await env.agent().fetch(url, { signal });
      const text = response.text();
      controller.abort("why");
      equal("reason", await reasonOf(text), "why");
    },

    async "a clone is read, and a Request is aborted, after a collection"(env) {
      const { fetch } = env.agent();
      const controller = new AbortController();
      const init = { signal: controller.signal };
      const clone = async () => (await fetch(env.url("/hello"))).clone();
      const send = () => fetch(new Request(env.url("/endless"), init));
      const kept = await clone();
      const text = reasonOf((await send()).text());
      await collectGarbage();
      equal("text", await kept.text(), "hello");
      controller.abort("why");
      equal("reason", await text, "why");
    },

    async "data: URLs are read, and other failures are TypeErrors"(env) {
      const { fetch } = env.agent();
      const data = await fetch("data:text/plain;base64,aGk=");
      equal("text", await data.text(), "hi");
      const reason = await reasonOf(fetch("ftp://example.test/"));
      equal("class", reason instanceof TypeError, true);
    },
  }),
};

/** Collects garbage on Node, which has modules for that. */
async function collectGarbage(): Promise<void> {
  if (!isNode() || isWorkers()) return;
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  const gc: () => void = runInNewContext("gc");
  for (let i = 0; i < 3; i++) {
    gc();
    // Finalizers run in a turn of their own.
    await nextTurn();
  }
}
