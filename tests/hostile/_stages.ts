// How far an exchange has come when something ends it, and getting there.

import { type HttpErrorCode, HttpRequest } from "@pimalaya/io-http";
import type { HttpExchange } from "@pimalaya/io-http/client";
import { toText } from "../_text.ts";
import { endless, settle, streamOf } from "../client/_client.ts";
import type { Ends } from "./_peer.ts";

const LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
const CLOSE = "HTTP/1.1 200 OK\r\n\r\n";
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
  /** The bytes that the peer has sent. */
  readonly sent: string;
  /** The body's data in there, if the head is whole. */
  readonly data?: string;
  /** Whether the peer does not even wait for the head of the request. */
  readonly ignores?: boolean;
  /** Whether the request has a body, of which nothing is read. */
  readonly uploads?: boolean;
  /** Whether nobody reads the body. */
  readonly unread?: boolean;
}

const UPLOAD = { uploads: true };
const A = { data: "a" };
const TRAILERS = `${CHUNKED}1\r\na\r\n0\r\n`;

/** Every stage there is. */
export const STAGES: readonly Stage[] = [
  { name: "before the request is read", sent: "", ignores: true },
  { name: "before the response", sent: "" },
  { name: "inside the status line", sent: "HTTP/1.1 2" },
  { name: "inside a field line", sent: LENGTH.slice(0, 24) },
  { name: "before the head's last line", sent: LENGTH.slice(0, -2) },
  { name: "after a 103", sent: "HTTP/1.1 103 Early\r\n\r\n" },
  { name: "after the head", sent: LENGTH, data: "" },
  { name: "at an unread body", sent: LENGTH, data: "", unread: true },
  { name: "inside the body", sent: `${LENGTH}half`, data: "half" },
  {
    name: "inside an unread body",
    sent: `${LENGTH}half`,
    data: "",
    unread: true,
  },
  {
    name: "inside a body without a length",
    sent: `${CLOSE}half`,
    data: "half",
  },
  { name: "before the first chunk", sent: CHUNKED, data: "" },
  { name: "inside a chunk size", sent: `${CHUNKED}1`, data: "" },
  { name: "after a chunk size", sent: `${CHUNKED}1\r\n`, data: "" },
  { name: "inside a chunk extension", sent: `${CHUNKED}1;a="`, data: "" },
  { name: "inside a chunk", sent: `${CHUNKED}9\r\nhalf`, data: "half" },
  { name: "after a chunk's data", sent: `${CHUNKED}1\r\na`, ...A },
  { name: "between chunks", sent: `${CHUNKED}1\r\na\r\n`, ...A },
  { name: "before the trailers", sent: TRAILERS, ...A },
  { name: "inside the trailers", sent: `${TRAILERS}A: 1\r\nB`, ...A },
  { name: "during an upload", ...UPLOAD, sent: "" },
  { name: "during an unread upload", ...UPLOAD, sent: "", ignores: true },
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

/** The error of end of file at a stage, or `null` if it ends the body. */
export function codeOfEnd({ sent }: Stage): HttpErrorCode | null {
  if (sent.startsWith(CLOSE)) return null;
  return sent === "" ? "NoResponse" : "UnexpectedEof";
}

/** How far an exchange has come at a stage, in the words of its progress. */
export function phaseOf({ data, uploads }: Stage): "request" | "head" | "body" {
  if (data !== undefined) return "body";
  return uploads ? "request" : "head";
}

/** An exchange that has come as far as a stage says. */
export interface Running {
  /** All that has to reject, with one error. */
  readonly ends: Promise<unknown>[];
  readonly exchange: HttpExchange | null;
  /** The end of the upload's source, if there is one. */
  readonly stopped: Promise<unknown> | null;
}

/** Brings a call as far as a stage says. */
export async function reach(
  stage: Stage,
  call: CallName,
  { client, peer, url }: Ends,
  signal?: AbortSignal,
): Promise<Running> {
  const source = stage.uploads && call === "exchange"
    ? streamOf(endless(2 ** 18))
    : null;
  const request = stage.uploads
    ? HttpRequest.post(url, { body: new Uint8Array(UPLOAD_BYTES) })
    : HttpRequest.get(url);
  const calling = call === "send"
    ? client.send(request, { signal })
    : client.exchange(request, { signal, body: source?.body });
  calling.catch(() => {});
  if (!stage.ignores) await peer.readUntil("\r\n\r\n");
  if (stage.sent !== "") await peer.write(stage.sent);
  const stopped = source?.stopped ?? null;
  if (call === "send" || stage.data === undefined) {
    await settle();
    return { ends: [calling], exchange: null, stopped };
  }
  const exchange = await calling as HttpExchange;
  const ends: Promise<unknown>[] = [exchange.trailers, exchange.closed];
  if (!stage.unread) {
    const reader = exchange.body.getReader();
    let text = "";
    while (text.length < stage.data.length) {
      text += toText((await reader.read()).value!);
    }
    if (text !== stage.data) throw new Error(`The body is ${text}`);
    ends.push(reader.read());
    ends[2]!.catch(() => {});
  }
  await settle();
  return { ends, exchange, stopped };
}
