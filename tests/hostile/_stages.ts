// How far an exchange has come when its peer does something to it, and getting
// there.

import { HttpError, HttpRequest } from "@pimalaya/io-http";
import type { HttpClient, HttpExchange } from "@pimalaya/io-http/client";
import { toText } from "../_text.ts";
import { endless, settle, streamOf } from "../client/_client.ts";
import type { Peer } from "./_peer.ts";

const LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

// More than the buffers of two sockets hold, unless somebody reads.
const UPLOAD_BYTES = 2 ** 23;

/** How a client makes an exchange. */
export const CALLS = ["send", "exchange"] as const;

/** One of them. */
export type CallName = typeof CALLS[number];

/** A stage of an exchange. */
export interface Stage {
  readonly name: string;
  /** What the peer does with the request's head: it may not even wait for it. */
  readonly request: "unread" | "read";
  /** Whether the request has a body, of which nothing is read. */
  readonly uploads?: boolean;
  /** What the peer has sent. */
  readonly sent: string;
  /** The body's data in there, where the head is whole. */
  readonly data?: string;
}

const GET = { request: "read" } as const;
const UPLOAD = { request: "read", uploads: true } as const;

/** Every stage there is. */
export const STAGES: readonly Stage[] = [
  { name: "before the request is read", request: "unread", sent: "" },
  { ...GET, name: "before the response", sent: "" },
  { ...GET, name: "inside the status line", sent: "HTTP/1.1 2" },
  { ...GET, name: "inside a field line", sent: LENGTH.slice(0, 24) },
  { ...GET, name: "before the head's last line", sent: LENGTH.slice(0, -2) },
  { ...GET, name: "after a 103", sent: "HTTP/1.1 103 Early\r\n\r\n" },
  { ...GET, name: "after the head", sent: LENGTH, data: "" },
  { ...GET, name: "inside the body", sent: `${LENGTH}half`, data: "half" },
  { ...GET, name: "before the first chunk", sent: CHUNKED, data: "" },
  { ...GET, name: "inside a chunk size", sent: `${CHUNKED}1`, data: "" },
  { ...GET, name: "after a chunk size", sent: `${CHUNKED}1\r\n`, data: "" },
  {
    ...GET,
    name: "inside a chunk extension",
    sent: `${CHUNKED}1;a="`,
    data: "",
  },
  { ...GET, name: "inside a chunk", sent: `${CHUNKED}9\r\nhalf`, data: "half" },
  { ...GET, name: "after a chunk's data", sent: `${CHUNKED}1\r\na`, data: "a" },
  {
    ...GET,
    name: "between chunks",
    sent: `${CHUNKED}1\r\na\r\n`,
    data: "a",
  },
  {
    ...GET,
    name: "before the trailers",
    sent: `${CHUNKED}1\r\na\r\n0\r\n`,
    data: "a",
  },
  {
    ...GET,
    name: "inside the trailers",
    sent: `${CHUNKED}1\r\na\r\n0\r\nA: 1\r\nB`,
    data: "a",
  },
  { name: "during an upload", ...UPLOAD, sent: "" },
  {
    name: "during an upload that is not read",
    ...UPLOAD,
    request: "unread",
    sent: "",
  },
  { name: "during an upload, inside the head", ...UPLOAD, sent: "HTTP/1.1 4" },
  {
    name: "during an upload, inside the body",
    ...UPLOAD,
    sent: `${LENGTH}half`,
    data: "half",
  },
];

/** The stages that also run over TLS. */
export const TLS_STAGES: readonly Stage[] = STAGES.filter(({ name }) =>
  [
    "before the response",
    "inside a field line",
    "inside a chunk",
    "inside the trailers",
    "during an upload",
  ].includes(name)
);

/** An exchange that has come as far as a stage says. */
export interface Running {
  /** All that has to reject, with one error. */
  readonly ends: Promise<unknown>[];
  /** The end of the upload's source, where there is one. */
  readonly stopped: Promise<unknown> | null;
}

/** Brings a call as far as a stage says. */
export async function reach(
  stage: Stage,
  call: CallName,
  ends: { url: string; client: HttpClient; peer: Peer },
  signal?: AbortSignal,
): Promise<Running> {
  const { client, peer, url } = ends;
  const options = signal === undefined ? {} : { signal };
  const playServer = async () => {
    if (stage.request === "read") await peer.readUntil("\r\n\r\n");
    if (stage.sent !== "") await peer.write(stage.sent);
  };
  if (call === "send") {
    const request = stage.uploads
      ? HttpRequest.post(url, { body: new Uint8Array(UPLOAD_BYTES) })
      : HttpRequest.get(url);
    const sending = client.send(request, options);
    sending.catch(() => {});
    await playServer();
    await settle();
    return { ends: [sending], stopped: null };
  }
  const source = stage.uploads ? streamOf(endless(2 ** 18)) : null;
  const exchanging = source === null
    ? client.exchange(HttpRequest.get(url), options)
    : client.exchange(HttpRequest.post(url), { ...options, body: source.body });
  exchanging.catch(() => {});
  await playServer();
  const stopped = source?.stopped ?? null;
  if (stage.data === undefined) {
    await settle();
    return { ends: [exchanging], stopped };
  }
  return { ends: await readData(await exchanging, stage.data), stopped };
}

/** Reads the data that is there, and goes on to wait for more. */
async function readData(
  exchange: HttpExchange,
  data: string,
): Promise<Promise<unknown>[]> {
  const reader = exchange.body.getReader();
  let text = "";
  while (text.length < data.length) {
    text += toText((await reader.read()).value!);
  }
  if (text !== data) throw new Error(`The body is ${text}, and not ${data}`);
  const reading = reader.read();
  reading.catch(() => {});
  await settle();
  return [reading, exchange.trailers, exchange.closed];
}

/** Tells whether an error says that the connection was reset. */
export function isReset(error: unknown): boolean {
  return error instanceof HttpError && error.code === "ConnectionLost" &&
    error.cause instanceof Error;
}

/** Tells whether an error says that the connection ended too early. */
export function isEof(error: unknown): boolean {
  return error instanceof HttpError &&
    (error.code === "NoResponse" || error.code === "UnexpectedEof");
}
