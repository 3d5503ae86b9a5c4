// Any `Location` leads to an http or https URL or nowhere; the next request can be
// written, and no other origin gets a secret.

import { fc } from "../_fast_check.ts";
import {
  encodeHttp11Request,
  Http11Send,
  HttpRequest,
  redirectRequest,
} from "../../mod.ts";
import { readRequest } from "../_request_reader.ts";
import { equal } from "../_sweep.ts";
import { toBytes, toText } from "../_text.ts";
import { expand, REDIRECTS } from "../_vectors.ts";
import { binary, type Field, fields, url } from "./_generators.ts";
import { mutated, oneOf } from "./_mutations.ts";
import { must, property } from "./_property.ts";

const WORDS = ("http|https|:|/|//|///|\\|@|u:p@|#|?|..|.|%2e|[::1]|:443|:80|" +
  ":99999|example.com|other.example|javascript:|data:,|\t|\r\n|\xc3\xa9|\xff|" +
  "\nLocation: /b|\r\nAuthorization: x|\xf0\x9f|\0| |%00|%0d%0a|\xe3\x80\x82")
  .split("|");

// "secret-" must not reach another origin.
const OF_THE_ORIGIN: Field[] = [
  ["Authorization", "Bearer secret-1"],
  ["proxy-authorization", "Basic secret-2"],
  ["COOKIE", "sid=secret-3"],
  ["Host", "secret-4.example"],
];
const OF_THE_BODY: Field[] = [
  ["Content-Type", "a/b"],
  ["Content-Digest", "sha-256=:AA==:"],
  ["Expect", "100-continue"],
  ["Trailer", "X"],
];

const requests = fc.record({
  method: fc.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE"),
  url,
  headers: fields,
  extra: fc.subarray([...OF_THE_ORIGIN, ...OF_THE_BODY]),
  chunked: fc.boolean(),
  body: binary,
}).map(({ method, url, headers, extra, chunked, body }) => {
  const hasBody = method === "POST" || method === "PUT";
  const framing: Field[] = !hasBody
    ? []
    : chunked
    ? [["Transfer-Encoding", "chunked"]]
    : [["Content-Length", `${body.length}`]];
  return new HttpRequest(method, url, {
    headers: [...headers, ...extra, ...framing],
    body: toBytes(hasBody ? body : ""),
  });
});

const locations = mutated(
  fc.oneof(
    url,
    oneOf(
      REDIRECTS.flatMap(({ wire }) =>
        Array.from(
          expand(wire).matchAll(/^location: *(.*)\r$/gim),
          ([, value]) => value!,
        )
      ),
    ),
  ),
  WORDS,
);

property(
  "A redirect leads to an http or https URL, without secrets of another origin",
  600,
  fc.tuple(
    requests,
    fc.constantFrom(300, 301, 302, 303, 304, 305, 307, 308, 399),
    locations,
  ),
  ([request, status, location]) => {
    const before = request.url.href;
    const send = new Http11Send(request);
    send.resume();
    let step = send.resume(toBytes(
      `HTTP/1.1 ${status} Status\r\nLocation: ${location}\r\n` +
        "Content-Length: 0\r\n\r\n",
    ));
    if (step.type === "WantsRead") step = send.resume(new Uint8Array(0));
    if (step.type === "Err" || step.type === "Ok") return;
    must(step.type === "WantsRedirect", `Returns ${step.type}`);
    const { url, sameOrigin } = step;
    must(/^https?:$/.test(url.protocol), `Leads to ${url.protocol}`);
    equal("sameOrigin", sameOrigin, url.origin === request.url.origin);
    equal("userinfo", url.username + url.password, "");
    const next = redirectRequest(request, step);
    equal("URL of the request", request.url.href, before);
    equal("URL of the next request", next.url.href, url.href);
    checkNext(request, next, status, sameOrigin);
    equal("end", send.resume().type, "Ok");
  },
);

function checkNext(
  request: HttpRequest,
  next: HttpRequest,
  status: number,
  sameOrigin: boolean,
): void {
  const isSwitched = status === 303 && request.method !== "HEAD" ||
    status <= 302 && request.method === "POST";
  equal("method", next.method, isSwitched ? "GET" : request.method);
  const { length } = request.body;
  const hadNone = ["GET", "HEAD"].includes(request.method) && length === 0 &&
    !request.headers.has("content-length") &&
    !request.headers.has("transfer-encoding");
  const losesBody = (status === 303 || isSwitched) && !hadNone;
  const names = (list: Field[]) => list.map(([name]) => name.toLowerCase());
  const lost = [
    ...(sameOrigin ? [] : names(OF_THE_ORIGIN)),
    ...(losesBody
      ? [...names(OF_THE_BODY), "content-length", "transfer-encoding"]
      : []),
  ];
  const kept = [...request.headers].filter(([name]) =>
    !lost.includes(name.toLowerCase())
  );
  equal("fields", [...next.headers], kept);
  equal("body", toText(next.body), losesBody ? "" : toText(request.body));
  const written = encodeHttp11Request(next);
  equal("remaining", readRequest(written).remaining, "");
  must(
    sameOrigin || !toText(written).includes("secret-"),
    "Sends a secret to another origin",
  );
}
