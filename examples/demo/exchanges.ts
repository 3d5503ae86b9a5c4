// The exchanges of the demo, one of each kind.

import {
  HttpAuthBasic,
  type HttpCloseReason,
  type HttpRedirect,
  HttpRequest,
  HttpResponse,
  WellKnown,
} from "@pimalaya/io-http";
import type { HttpClient } from "@pimalaya/io-http/client";
import type { Origins } from "./origin.ts";

/** The response. */
export interface Outcome {
  readonly response: HttpResponse;
  /** The 1xx responses that came first. */
  readonly interim: readonly HttpResponse[];
  readonly redirect: HttpRedirect | null;
  readonly closeReason: HttpCloseReason | null;
}

/** One exchange of the demo. */
export interface Exchange {
  readonly title: string;
  /** The URL to connect to. */
  readonly url: URL;
  run(client: HttpClient): Promise<Outcome>;
}

/** Lists the exchanges. */
export function makeTour({ plain, secure, streaming }: Origins): Exchange[] {
  const hello = `${plain}/hello`;
  const basic = new HttpAuthBasic("Aladdin", "open sesame");
  return [
    get("GET, a body of known length", hello),
    get("GET, a body in chunks", `${plain}/pieces`),
    sending("HEAD, a length but no body", HttpRequest.head(hello)),
    get("GET, a redirect", `${plain}/old`),
    get("GET, a challenge", `${plain}/private`),
    sending(
      "GET, with credentials",
      HttpRequest.get(`${plain}/private`)
        .header("Authorization", basic.toAuthorization()),
    ),
    lookingUp("Well-known: where is CalDAV?", new WellKnown(plain, "caldav")),
    sending(
      "GET, with Connection: close",
      HttpRequest.get(hello).header("Connection", "close"),
    ),
    sendingHttp10("GET over HTTP/1.0", HttpRequest.get(hello)),
    get("GET over TLS", `${secure}/hello`),
    streamingUp("POST, streamed, with trailers; a hint first", streaming),
  ];
}

/** A GET by itself. */
export function get(title: string, url: string): Exchange {
  return sending(title, HttpRequest.get(url));
}

function sending(title: string, request: HttpRequest): Exchange {
  return { title, url: request.url, run: (client) => client.send(request) };
}

function sendingHttp10(title: string, request: HttpRequest): Exchange {
  const { url } = request;
  return { title, url, run: (client) => client.sendHttp10(request) };
}

function lookingUp(title: string, lookup: WellKnown): Exchange {
  const { url } = lookup.request;
  return { title, url, run: (client) => client.run(lookup) };
}

function streamingUp(title: string, url: string): Exchange {
  const request = HttpRequest.post(url, { headers: { Trailer: "X-Pieces" } });
  return { title, url: request.url, run: (client) => upload(client, request) };
}

async function upload(
  client: HttpClient,
  request: HttpRequest,
): Promise<Outcome> {
  const interim: HttpResponse[] = [];
  let pieces = 0;
  async function* body() {
    for (const text of ["piece by piece, ", "as it is made"]) {
      pieces++;
      yield new TextEncoder().encode(text);
    }
  }
  const exchange = await client.exchange(request, {
    body: body(),
    trailers: () => ({ "X-Pieces": `${pieces}` }),
    onInterim: (response) => interim.push(response),
  });
  const { version, status, reason, headers } = exchange.response;
  const response = new HttpResponse({
    version,
    status,
    reason,
    headers,
    body: await exchange.bytes(),
    trailers: await exchange.trailers,
  });
  const { closeReason } = await exchange.closed;
  return { response, interim, redirect: null, closeReason };
}
