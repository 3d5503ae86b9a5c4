// Where a `Location` of any bytes leads: to an http or https URL, or nowhere;
// and the request that follows can be written, and gives no other origin what
// is meant for one.

import { encodeHttp11Request, Http11Send, redirectRequest } from "../../mod.ts";
import { HttpRequest } from "../../mod.ts";
import { readRequest } from "../_request_reader.ts";
import { equal } from "../_sweep.ts";
import { toBytes, toText } from "../_text.ts";
import { expand, type RequestInput } from "../_vectors.ts";
import { REDIRECTS } from "../_vectors.ts";
import type { Random } from "./_random.ts";
import { show } from "./_show.ts";
import { promise, type Shown, type Target } from "./_target.ts";

const SECRETS = [
  ["Authorization", "Bearer secret-1"],
  ["proxy-authorization", "Basic secret-2"],
  ["COOKIE", "sid=secret-3"],
  ["Host", "secret-4.example"],
] as const;

interface Setup {
  readonly request: RequestInput;
  readonly status: number;
}

/** The target of redirects; its inputs are values of `Location`. */
export const REDIRECT: Target = {
  name: "Location and redirectRequest",
  seeds: REDIRECTS.flatMap(({ wire }) =>
    Array.from(
      expand(wire).matchAll(/^location: *(.*)\r$/gim),
      ([, value]) => value!,
    )
  ),
  words: ("http|https|:|/|//|///|\\|@|u:p@|#|?|..|.|%2e|[::1]|:443|:80|:99999" +
    "|example.com|other.example|javascript:|data:,|\t|\r\n|\nLocation: /b|" +
    "\r\nAuthorization: x|\xc3\xa9|\xff|\xf0\x9f|\0| |%00|%0d%0a|\xe3\x80\x82")
    .split("|"),
  draw(random: Random) {
    const setup = drawSetup(random);
    return {
      run: (input) => runRedirect(setup, input),
      show: (input) => showRedirect(setup, input),
    };
  },
};

function drawSetup(random: Random): Setup {
  const status = random.pick([301, 302, 303, 307, 308, 300, 304]);
  const { request } = random.pick(REDIRECTS);
  const secrets = SECRETS.filter(() => random.once(2));
  const own = (request.headers ?? []).filter(([name]) =>
    !secrets.some(([secret]) => secret.toLowerCase() === name.toLowerCase())
  );
  return { request: { ...request, headers: [...own, ...secrets] }, status };
}

function wireOf({ status }: Setup, location: string): string {
  return `HTTP/1.1 ${status} Status\r\nLocation: ${location}\r\n` +
    "Content-Length: 0\r\n\r\n";
}

function runRedirect(setup: Setup, location: string): string {
  const { method, url, headers = [], body = "" } = setup.request;
  const request = new HttpRequest(method, url, {
    headers,
    body: toBytes(body),
  });
  const before = request.url.href;
  const send = new Http11Send(request);
  send.resume();
  let step = send.resume(toBytes(wireOf(setup, location)));
  if (step.type === "WantsRead") step = send.resume(new Uint8Array(0));
  if (step.type === "Err") return step.error.code;
  if (step.type === "Ok") return "Ok";
  promise(step.type === "WantsRedirect", `Gives ${step.type}`);
  promise(/^https?:$/.test(step.url.protocol), `Leads to ${step.url.protocol}`);
  const { origin } = request.url;
  equal("sameOrigin", step.sameOrigin, step.url.origin === origin);
  equal("URL of the request", request.url.href, before);
  const next = redirectRequest(request, step);
  equal("URL of the next request", next.url.href, step.url.href);
  const written = encodeHttp11Request(next);
  const read = readRequest(written);
  equal("remaining", read.remaining, "");
  if (!step.sameOrigin) {
    promise(!toText(written).includes("secret-"), "Gives credentials away");
  }
  const host = headers.find(([name]) => name.toLowerCase() === "host")?.[1];
  const own = step.sameOrigin ? host : undefined;
  const authority = next.method === "CONNECT" ? read.target : next.url.host;
  const hosts = read.headers.filter(([name]) => name.toLowerCase() === "host");
  equal("Host", hosts.map(([, value]) => value), [own ?? authority]);
  const end = send.resume();
  equal("what follows WantsRedirect", end.type, "Ok");
  return `${next.method} ${step.sameOrigin} ${step.url.protocol}`;
}

function showRedirect(setup: Setup, location: string): Shown {
  const wire = wireOf(setup, location);
  const expect = { redirect: null };
  const { request } = setup;
  return show("redirects", "RFC 9110 §15.4", { request, wire, expect });
}
