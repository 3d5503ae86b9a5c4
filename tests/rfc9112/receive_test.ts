import { Buffer } from "node:buffer";
import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  Http11Receive,
  type Http11ReceiveResult,
  HttpHeaders,
  HttpRequest,
} from "../../mod.ts";
import { endOfFile, test, transfer } from "../_pure.ts";
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

test("Http11Receive returns data of a sized body as views of the input", () => {
  const receive = new Http11Receive(GET);
  drain(receive, toBytes(SIZED));
  const piece = toBytes("hel");
  const step = receive.resume(piece);
  assert(step.type === "Data");
  assertStrictEquals(step.bytes.buffer, piece.buffer);
  assertEquals(toText(step.bytes), "hel");
});

test("Http11Receive returns data of the connection's end, and then its end", () => {
  const receive = new Http11Receive(GET);
  drain(receive, toBytes(OPEN));
  for (const piece of ["a", "bc"]) {
    const [step, ...more] = drain(receive, toBytes(piece));
    assert(step?.type === "Data");
    assertEquals(typesOf(more), ["WantsRead"]);
    assertEquals(toText(step.bytes), piece);
  }
  const [end] = drain(receive, endOfFile());
  assert(end?.type === "Ok");
  assertEquals([end.remaining.length, end.keepAlive], [0, false]);
});

test("Http11Receive returns the head without body and trailers", () => {
  for (const wire of [`${SIZED}hello`, `${CODED}0\r\nA: 1\r\n\r\n`]) {
    const receive = new Http11Receive(GET);
    const [head, ...rest] = drain(receive, toBytes(wire));
    assert(head?.type === "Head");
    assertEquals(head.response.body.length, 0);
    // What came later is in the Ok alone.
    assertEquals(head.response.trailers.size, 0);
    const end = rest.at(-1)!;
    assert(end.type === "Ok");
    assertEquals(end.trailers.size, wire.includes("A: 1") ? 1 : 0);
  }
});

for (
  const [kind, wire] of [
    ["length", `${SIZED}hello`],
    ["chunked", `${CODED}5\r\nhello\r\n0\r\nA: 1\r\n\r\n`],
    ["chunked", `${CODED}2\r\nhe\r\n3\r\nllo\r\n0\r\nA: 1\r\n\r\n`],
  ] as const
) {
  test(`Http11Receive goes on where data, ${kind}, is taken away, in every cut`, () => {
    const array = toBytes(`${CONTINUE}${wire}rest`);
    for (let cut = 0; cut < array.length - "rest".length; cut++) {
      const receive = new Http11Receive(GET);
      const pieces = [array.slice(0, cut), array.slice(cut)];
      let data = "";
      let end = "";
      for (const piece of pieces.filter((piece) => piece.length > 0)) {
        let step = receive.resume(piece);
        while (step.type !== "WantsRead" && step.type !== "Ok") {
          assert(step.type !== "Err");
          if (step.type === "Data") {
            data += toText(step.bytes);
            transfer(step.bytes);
          }
          step = receive.resume();
        }
        if (step.type !== "Ok") continue;
        end = toText(step.remaining);
        assertEquals(step.trailers.size, kind === "chunked" ? 1 : 0);
      }
      assertEquals([data, end], ["hello", "rest"]);
    }
  });
}

test("Http11Receive shares nothing between two responses", () => {
  const run = () => drain(new Http11Receive(GET), toBytes(`${SIZED}hello`));
  const [head, , end] = run();
  const [otherHead, , otherEnd] = run();
  assert(head?.type === "Head" && otherHead?.type === "Head");
  assert(end?.type === "Ok" && otherEnd?.type === "Ok");
  assertNotStrictEquals(head.framing, otherHead.framing);
  assertNotStrictEquals(end.remaining, otherEnd.remaining);
  end.trailers.append("A", "1");
  assertEquals(otherEnd.trailers.size, 0);
  assertEquals(head.response.trailers.size, 0);
});

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

test("Http11Receive takes what matters of a request alone", () => {
  const headers = new HttpHeaders({ Connection: "close" });
  const receive = new Http11Receive({ method: "HEAD", headers });
  const [head, end] = drain(receive, toBytes(SIZED));
  assertEquals(head?.type === "Head" && head.framing, { kind: "none" });
  assertEquals(end?.type === "Ok" && end.closeReason, "RequestClose");
});

test("Http11Receive counts interim responses, and each head for itself", () => {
  const limits = { maxInterimResponses: 2, maxHeadBytes: SIZED.length };
  const count = (interims: number) => {
    const receive = new Http11Receive(GET, limits);
    const wire = `${CONTINUE.repeat(interims)}${SIZED}hello`;
    const steps = drain(receive, toBytes(wire));
    const end = steps.at(-1)!;
    return end.type === "Err" ? end.error.code : end.type;
  };
  assertEquals([count(0), count(2)], ["Ok", "Ok"]);
  assertEquals(count(3), "TooManyInterimResponses");
});

test("Http11Receive has no limit on a body that it does not hold", () => {
  const receive = new Http11Receive(GET, { maxBodyBytes: 0 });
  const steps = drain(receive, toBytes(`${SIZED}hello`));
  assertEquals(typesOf(steps), ["Head", "Data", "Ok"]);
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

test("Http11Receive returns steps that show no credentials", () => {
  const wire =
    "HTTP/1.1 200 OK\r\nSet-Cookie: s3cret\r\nContent-Length: 0\r\n" +
    "\r\n";
  const [head] = drain(new Http11Receive(GET), toBytes(wire));
  assert(head?.type === "Head");
  assertEquals(head.response.header("set-cookie"), "s3cret");
  const texts = [Deno.inspect(head, { depth: 9 }), JSON.stringify(head)];
  assertEquals(texts.some((text) => text.includes("s3cret")), false);
});

test("Http11Receive decides on the body when it returns the head", () => {
  const receive = new Http11Receive(GET);
  const [step, ...later] = drain(
    receive,
    toBytes(`${CODED}1\r\na\r\n0\r\nB: 2\r\n\r\n`),
  );
  assert(step?.type === "Head");
  const { response } = step;
  // Neither the end of the body nor a caller changes what was decided.
  assertEquals([...response.headers], [["Transfer-Encoding", "chunked"]]);
  assertEquals([...response.trailers], []);
  assertEquals(typesOf(later), ["Data", "Ok"]);

  const changed = new Http11Receive(GET);
  const head = changed.resume(toBytes(`${CODED}1\r\na\r\n0\r\n\r\n`));
  assert(head.type === "Head");
  Object.assign(head.framing, { kind: "none" });
  head.response.headers.delete("Transfer-Encoding");
  assertEquals(typesOf(drain(changed)), ["Data", "Ok"]);
});

test("Http11Receive returns plain data for a Buffer that is reused", () => {
  const buffer = Buffer.alloc(3);
  const receive = new Http11Receive(GET);
  drain(receive, toBytes(SIZED));
  const kept: string[] = [];
  for (const text of ["hel", "lo"]) {
    buffer.write(text);
    const [step] = drain(receive, buffer.subarray(0, text.length));
    assert(step?.type === "Data");
    const copy = step.bytes.slice();
    buffer.fill(0);
    kept.push(toText(copy));
  }
  assertEquals(kept, ["hel", "lo"]);
});

test("Http11Receive returns data of shared memory in memory of its own", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(5));
  shared.set(toBytes("hello"));
  const receive = new Http11Receive(GET);
  drain(receive, toBytes(SIZED));
  const [step] = drain(receive, shared);
  assert(step?.type === "Data");
  assert(step.bytes.buffer instanceof ArrayBuffer);
  assertEquals(toText(step.bytes), "hello");
});

test("Http11Receive throws for good if there is no memory for data", () => {
  const receive = new Http11Receive(GET);
  drain(receive, toBytes(CODED));
  const chunks = toBytes("1\r\na\r\n1\r\nb\r\n");
  assertThrows(() => withoutMemory(() => receive.resume(chunks)), RangeError);
  assertThrows(() => receive.resume(), RangeError);
});
