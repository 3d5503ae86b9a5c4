// Everything that can end an exchange at each of its stages, by the peer or by the
// caller: every call ends, all with the same error, which says why; the source of the
// upload is canceled, and the connection is closed, which the peer sees.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { HttpError, type HttpErrorCode, HttpRequest } from "@pimalaya/io-http";
import {
  assertClosed,
  CARRIES,
  drain,
  endless,
  PIPES,
  rejection,
  streamOf,
  watchedSignal,
} from "../client/_client.ts";
import {
  bounded,
  type Ends,
  type Kind,
  openPeer,
  type SocketPeer,
} from "./_peer.ts";
import {
  type CallName,
  CALLS,
  codeOfEnd,
  phaseOf,
  reach,
  type Running,
  type Stage,
  STAGES,
  TLS_STAGES,
} from "./_stages.ts";

const REASON = new Error("Enough");

const PLACES: readonly (readonly [Kind, readonly Stage[]])[] = [
  ...PIPES.map(([kind]) => [kind, STAGES] as const),
  ["TCP", STAGES],
  ["TLS", TLS_STAGES],
];

/** An exchange that has come as far as a stage says, and all around it. */
interface Case extends Running, Ends {
  readonly stage: Stage;
  readonly kind: Kind;
  readonly abort: (reason: unknown) => void;
}

/** Checks that all of a call is over, and returns the one error of all. */
async function checkEnds(
  { ends, stopped, exchange, client, url }: Case,
): Promise<unknown> {
  // A later reader gets the error too.
  const late = exchange === null || exchange.body.locked
    ? []
    : [drain(exchange.body)];
  const errors = await Promise.all([...ends, ...late].map(rejection));
  const [first] = errors;
  for (const error of errors) assertStrictEquals(error, first);
  if (stopped !== null) assertStrictEquals(await stopped, first);
  if (exchange !== null) {
    assertEquals(await exchange.uploaded, stopped === null);
  }
  assertEquals(client.reusable, false);
  await client.ended;
  await assertRejects(
    () => client.send(HttpRequest.get(url)),
    TypeError,
    "closed",
  );
  await client.close();
  return first;
}

/** Checks an error of the connection, with all of its members. */
function checkError(
  error: unknown,
  code: HttpErrorCode,
  { stage, url }: Case,
): HttpError {
  assertInstanceOf(error, HttpError);
  assertEquals(error.code, code, error.message);
  const { host, port } = new URL(url);
  assertStringIncludes(error.message, port === "" ? `${host}:80` : host);
  const { progress, response } = error;
  assertEquals(progress?.phase, phaseOf(stage));
  assertEquals(progress?.reused, false);
  assertEquals(progress?.responseBytes, stage.sent.length);
  const head = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  if (!stage.uploads) assertEquals(progress?.requestBytes, head.length);
  assertEquals(response?.status, stage.data === undefined ? undefined : 200);
  if (response !== null) assertThrows(() => response.text(), TypeError);
  return error;
}

/** The events that end an exchange, and the checks of their errors. */
const CAUSES: [
  name: string,
  end: (running: Case) => unknown,
  check: (error: unknown, running: Case) => void,
][] = [
  ["its peer's reset", ({ peer }) => peer.abort(REASON), (error, running) => {
    const { cause } = checkError(error, "ConnectionLost", running);
    const { kind, stage } = running;
    if (kind.endsWith("stream")) assertStrictEquals(cause, REASON);
    else if (kind === "TLS" || stage.uploads) assertInstanceOf(cause, Error);
    else assertInstanceOf(cause, Deno.errors.ConnectionReset);
  }],
  ["its peer's end of file", ({ peer }) => peer.close(), (error, running) => {
    checkError(error, codeOfEnd(running.stage)!, running);
  }],
  ["its signal's reason", ({ abort }) => abort(REASON), (error) => {
    assertStrictEquals(error, REASON);
  }],
  ["its client's close", ({ client }) => client.close(), assertClosed],
  [
    "what is no TLS",
    ({ peer }) => (peer as SocketPeer).writeRaw("HTTP/1.1 200 OK\r\n\r\n"),
    (error, running) => checkError(error, "ConnectionLost", running),
  ],
];

/** Runs a test at a stage of a call. */
function testAt(
  name: string,
  [kind, stage, call]: readonly [Kind, Stage, CallName],
  run: (running: Case) => Promise<void>,
): void {
  Deno.test(
    `${call} rejects with ${name} ${stage.name}, over ${kind}`,
    bounded(async () => {
      await using ends = await openPeer(kind);
      const { signal, abort, listeners } = watchedSignal();
      const running = await reach(stage, call, ends, signal);
      await run({ ...ends, ...running, stage, kind, abort });
      assertEquals(listeners(), 0);
      await ends.peer.closed;
    }),
  );
}

for (const [kind, stages] of PLACES) {
  for (const stage of stages) {
    for (const call of CALLS) {
      if (call === "send" && stage.unread) continue;
      const place = [kind, stage, call] as const;
      for (const [name, end, check] of CAUSES) {
        if (name === "what is no TLS" && kind !== "TLS") continue;
        if (name.includes("end of file") && !codeOfEnd(stage)) continue;
        testAt(name, place, async (running) => {
          await end(running);
          check(await checkEnds(running), running);
        });
      }
      for (const reason of stage.unread ? [REASON, undefined, null] : []) {
        testAt(`the reason ${reason} of canceling`, place, async (running) => {
          const { body } = running.exchange!;
          await body.cancel(reason);
          assertEquals(await drain(body), "");
          const error = await checkEnds({ ...running, exchange: null });
          if (reason === REASON) assertStrictEquals(error, REASON);
          else assertClosed(error);
        });
      }
    }
  }
}

const MANY_PARTS = [
  "\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
  "HTTP/1.1 200 All right\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n",
  "x-a: 2,\r\n 3\r\n\r\n",
  '5 ;a="b;c"\r\nhello\r\n00B\r\n, you there\r\n0;last\r\nA: 1\r\nB: 2\r\n\r\n',
].join("");

const HEADERS: [string, string][] = [
  ["X-A", "1"],
  ["Transfer-Encoding", "chunked"],
  ["x-a", "2, 3"],
];

const REFUSAL =
  "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy";

for (const [call, carry] of CARRIES) {
  for (const kind of ["TCP", "TLS"] as const) {
    Deno.test(
      `${call} returns the same of a response that comes byte by byte, over ${kind}`,
      bounded(async () => {
        await using ends = await openPeer(kind);
        const { url, client, peer } = ends;
        for (const pieces of [[MANY_PARTS], MANY_PARTS]) {
          const carrying = carry(client, HttpRequest.get(url));
          await peer.readUntil("\r\n\r\n");
          for (const piece of pieces) await peer.write(piece);
          assertEquals(await carrying, {
            status: 200,
            reason: "All right",
            headers: HEADERS,
            body: "hello, you there",
            trailers: [["A", "1"], ["B", "2"]],
            interim: [103],
            closeReason: null,
            keepAlive: true,
            uploaded: true,
            redirect: null,
          });
        }
        await client.close();
        await peer.closed;
      }),
    );
  }

  for (const end of ["close", "abort"] as const) {
    Deno.test(
      `${call} returns the refusal of a peer that reads little of an upload, before its ${end}`,
      bounded(async () => {
        await using ends = await openPeer("TCP");
        const { url, client, peer } = ends;
        const refusing = peer.readUntil("\r\n\r\n").then(async () => {
          await peer.write(REFUSAL);
          await peer[end](REASON);
        });
        const body = new Uint8Array(2 ** 24);
        const request = HttpRequest.post(url, { body });
        const source = streamOf(endless(2 ** 20));
        const outcome = call === "send"
          ? await carry(client, request)
          : await carry(client, request, { body: source.body });
        assertEquals(outcome.body, "busy");
        assertEquals(outcome.closeReason, "ResponseClose");
        if (call === "exchange") await source.stopped;
        await refusing;
        assertEquals(client.reusable, false);
        await peer.closed;
      }),
    );
  }
}
