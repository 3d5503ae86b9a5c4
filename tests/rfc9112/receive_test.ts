import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  Http11Receive,
  type Http11ReceiveResult,
  HttpHeaders,
  HttpRequest,
} from "../../mod.ts";
import { test } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";
import { countWork, withoutMemory } from "../_work.ts";

const GET = HttpRequest.get("http://example.com/");
const SIZED = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
const CODED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const OPEN = "HTTP/1.1 200 OK\r\n\r\n";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** Resumes until input is wanted or it ends, and returns those steps. */
function drain(
  receive: Http11Receive,
  piece?: Uint8Array | null,
): Http11ReceiveResult[] {
  const steps = [receive.resume(piece)];
  while (!["WantsRead", "Ok", "Err"].includes(steps.at(-1)!.type)) {
    steps.push(receive.resume());
  }
  return steps;
}

function typesOf(steps: Http11ReceiveResult[]): string[] {
  return steps.map((step) => step.type);
}

test("Http11Receive returns the steps of one piece one by one", () => {
  const receive = new Http11Receive(GET);
  const wire = `${CONTINUE}${CONTINUE}${SIZED}hellorest`;
  assertEquals(typesOf(drain(receive, toBytes(wire))), [
    ...["Interim", "Interim", "Head", "Data", "Ok"],
  ]);
});

for (
  const [kind, head, pieces] of [
    ["a sized body", SIZED, ["a", "bc"]],
    ["a body until the connection ends", OPEN, ["a", "bc"]],
    ["one chunk", `${CODED}9\r\n`, ["a", "bc"]],
  ] as const
) {
  test(`Http11Receive returns the data of ${kind} as soon as it arrives`, () => {
    const receive = new Http11Receive(GET);
    drain(receive, toBytes(head));
    for (const piece of pieces) {
      const bytes = toBytes(piece);
      const [step, ...more] = drain(receive, bytes);
      assert(step?.type === "Data");
      assertEquals(toText(step.bytes), piece);
      // A view, not a copy.
      assertStrictEquals(step.bytes.buffer, bytes.buffer);
      assertEquals(typesOf(more), ["WantsRead"]);
    }
  });
}

test("Http11Receive judges by the request as it was when it was handed in", () => {
  const headers = new HttpHeaders({ Upgrade: "x" });
  const receive = new Http11Receive({ method: "GET", headers });
  headers.delete("Upgrade");
  headers.append("Connection", "close");
  const wire = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
  assertEquals(typesOf(drain(receive, toBytes(wire))), ["Head", "Ok"]);

  const request = { method: "GET", headers: new HttpHeaders() };
  const other = new Http11Receive(request);
  request.method = "HEAD";
  request.headers.append("Connection", "close");
  const end = drain(other, toBytes(`${SIZED}hello`)).at(-1)!;
  assertEquals(end.type === "Ok" && end.closeReason, null);
});

test("Http11Receive decides on the body when it returns the head", () => {
  const receive = new Http11Receive(GET);
  const head = receive.resume(toBytes(`${CODED}1\r\na\r\n0\r\n\r\n`));
  assert(head.type === "Head");
  Object.assign(head.framing, { kind: "none" });
  head.response.headers.delete("Transfer-Encoding");
  assertEquals(typesOf(drain(receive)), ["Data", "Ok"]);
});

test("Http11Receive neither copies nor holds a body that streams through", () => {
  const length = 1 << 24;
  const receive = new Http11Receive(GET);
  drain(
    receive,
    toBytes(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`),
  );
  const piece = new Uint8Array(1 << 16);
  let read = 0;
  const { allocated, copied } = countWork(() => {
    for (let at = 0; at < length; at += piece.length) {
      const step = receive.resume(piece);
      if (step.type === "Data") read += step.bytes.length;
    }
  });
  assertEquals([read, allocated, copied], [length, 0, 0]);
  assertEquals(receive.resume().type, "Ok");
});

test("Http11Receive copies a whole response in one piece once at most", () => {
  const body = "x".repeat(1 << 20);
  const wire = toBytes(
    `${CONTINUE.repeat(30)}HTTP/1.1 200 OK\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}rest`,
  );
  const receive = new Http11Receive(GET);
  const { copied } = countWork(() => {
    assertEquals(drain(receive, wire).at(-1)?.type, "Ok");
  });
  assertLessOrEqual(copied, wire.length + 2 * "rest".length);
});

test("Http11Receive throws for good if there is no memory for data", () => {
  const receive = new Http11Receive(GET);
  drain(receive, toBytes(CODED));
  const chunks = toBytes("1\r\na\r\n1\r\nb\r\n");
  assertThrows(() => withoutMemory(() => receive.resume(chunks)), RangeError);
  assertThrows(() => receive.resume(), RangeError);
});
