// What is written is read again as it was, by a reader that does it the plain
// way, and by this package's own where there is one.

import { concat } from "@std/bytes";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  encodeHttp10Request,
  encodeHttp11Head,
  encodeHttp11Request,
  Http11ChunkEncoder,
  Http11ReceiveChunks,
  HttpRequest,
} from "../../mod.ts";
import { drive } from "../_cuts.ts";
import { test } from "../_pure.ts";
import { readChunked, readRequest } from "../_request_reader.ts";
import { toBytes, toText } from "../_text.ts";
import { binary, type Field, fields, places, url } from "./_generators.ts";

const methods = fc.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE", "x-Y");
const HAS_BODY = ["POST", "PUT"];

interface Parts {
  method: string;
  url: string;
  headers: Field[];
  body: string;
}

const parts = fc.record({
  method: methods,
  url,
  headers: fields,
  body: binary,
});

function make({ method, url, headers, body }: Parts): HttpRequest {
  return new HttpRequest(method, url, { headers, body: toBytes(body) });
}

function targetOf({ url }: HttpRequest): string {
  // A query may be there and empty.
  const hasQuery = url.href.split("#")[0]!.endsWith("?");
  return url.pathname + (url.search || (hasQuery ? "?" : ""));
}

test("A reader returns the request that an encoder wrote, and no more", () => {
  fc.assert(
    fc.property(parts, binary, (parts, after) => {
      const request = make(parts);
      const { method, headers, body } = parts;
      const length: Field[] = body !== "" || HAS_BODY.includes(method)
        ? [["Content-Length", `${body.length}`]]
        : [];
      for (
        const [version, encode] of [
          ["HTTP/1.1", encodeHttp11Request],
          ["HTTP/1.0", encodeHttp10Request],
        ] as const
      ) {
        const wire = concat([encode(request), toBytes(after)]);
        assertEquals(readRequest(wire), {
          ...{ method, target: targetOf(request), version },
          headers: [["Host", request.url.host], ...headers, ...length],
          ...{ body, trailers: [], remaining: after },
        });
      }
    }),
    { seed: 9501, numRuns: 300 },
  );
});

test("A reader returns the absolute URL that an encoder wrote for a proxy", () => {
  fc.assert(
    fc.property(parts, (parts) => {
      const request = make(parts);
      const wire = encodeHttp11Request(request, { target: "absolute" });
      const { target } = readRequest(wire);
      const expected = new URL(request.url);
      expected.username = expected.password = expected.hash = "";
      assertEquals(new URL(target).href, expected.href);
      assertEquals(
        /[@#]/.test(new URL(target).host + new URL(target).hash),
        false,
      );
    }),
    { seed: 9502, numRuns: 200 },
  );
});

test("A reader returns the chunked request that an encoder wrote", () => {
  fc.assert(
    fc.property(parts, fc.nat(), binary, (parts, place, after) => {
      const { headers, body } = parts;
      const coding: Field = ["transfer-Encoding", "Chunked"];
      const all = headers.toSpliced(place % (headers.length + 1), 0, coding);
      const request = make({ ...parts, method: "POST", headers: all });
      const wire = concat([encodeHttp11Request(request), toBytes(after)]);
      assertEquals(readRequest(wire), {
        ...{ method: "POST", target: targetOf(request), version: "HTTP/1.1" },
        headers: [["Host", request.url.host], ...all],
        ...{ body, trailers: [], remaining: after },
      });
    }),
    { seed: 9503, numRuns: 200 },
  );
});

const pieces = fc.array(binary, { maxLength: 6 });

test("A reader returns the request of a head and chunks with trailers", () => {
  fc.assert(
    fc.property(pieces, fields, binary, (pieces, trailers, after) => {
      const request = HttpRequest.put("http://example.com/", {
        headers: { "Transfer-Encoding": "chunked" },
      });
      const encoder = new Http11ChunkEncoder();
      const wire = concat([
        encodeHttp11Head(request),
        ...pieces.flatMap((piece) => encoder.chunk(toBytes(piece))),
        encoder.end(trailers),
        toBytes(after),
      ]);
      const { body, trailers: read, remaining } = readRequest(wire);
      assertEquals(body, pieces.join(""));
      assertEquals([read, remaining], [trailers, after]);
    }),
    { seed: 9504, numRuns: 200 },
  );
});

test("Http11ReceiveChunks returns what Http11ChunkEncoder wrote, in any cut", () => {
  fc.assert(
    fc.property(
      pieces,
      fields,
      binary,
      places,
      (pieces, trailers, after, at) => {
        const encoder = new Http11ChunkEncoder();
        const wire = concat([
          ...pieces.flatMap((piece) => encoder.chunk(toBytes(piece))),
          encoder.end(trailers),
          toBytes(after),
        ]);
        const cuts = [...new Set(at.map((place) => 1 + place % wire.length))]
          .filter((at) => at < wire.length).sort((a, b) => a - b);
        const { steps } = drive(new Http11ReceiveChunks(), wire, cuts);
        const body = pieces.join("");
        assertEquals(steps, [
          ...(body === "" ? [] : [{ type: "Data", bytes: body }]),
          { type: "Ok", trailers, remaining: after },
        ]);
        // Both decoders agree.
        assertEquals(readChunked(toText(wire)), {
          ...{ body, trailers, remaining: after },
        });
      },
    ),
    { seed: 9505, numRuns: 300 },
  );
});
