// Exchanges on a connection that is kept, and ends.

import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import { casesOf, type Group } from "./_case.ts";

/** Exchanges without streams. */
export const RESPONSES: Group = {
  title: "Keep-alive, redirects, HTTP/1.0",
  cases: casesOf(undefined, {
    async "send uses one connection for several requests"({ connect, url }) {
      const client = await connect();
      const ports = new Set<string | null>();
      for (const body of ["request 1", "request 2", "request 3"]) {
        const request = HttpRequest.post(url("/echo"), { body });
        const { response, keepAlive } = await client.send(request);
        equal("response", [response.status, response.text()], [200, body]);
        equal("kept", [keepAlive, client.reusable], [true, true]);
        ports.add(response.header("x-client-port"));
      }
      equal("connections", ports.size, 1);
    },

    async "send reports a redirect"({ connect, url }) {
      const client = await connect();
      const output = await client.send(HttpRequest.get(url("/moved")));
      equal("status", output.response.status, 302);
      const expected = { url: url("/lines"), sameOrigin: true };
      equal("redirect", output.redirect, expected);
    },

    async "sendHttp10 reads to the end of file"({ connect, url }) {
      const client = await connect();
      const request = HttpRequest.get(url("/lines"));
      const { response, closeReason } = await client.sendHttp10(request);
      const lines = response.text().split("\n");
      equal("lines", [lines.length, lines.at(-2)], [2001, "line 1999"]);
      equal("closeReason", closeReason, "ReadToClose");
      equal("reusable", client.reusable, false);
    },
  }),
};
