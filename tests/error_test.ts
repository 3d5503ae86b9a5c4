import { assertEquals } from "@std/assert";
import { inspect } from "node:util";
import { HttpError } from "../error.ts";
import { Http11Send, HttpRequest, HttpResponse } from "../mod.ts";
import { test } from "./_pure.ts";
import { toBytes } from "./_text.ts";

test("HttpError keeps its code, message, cause, and facts", () => {
  const cause = new Error("reset");
  const progress = {
    phase: "head",
    reused: true,
    requestBytes: 3,
    responseBytes: 0,
  } as const;
  const response = new HttpResponse({ status: 200 });
  const options = { cause, progress, response, timeout: "head" } as const;
  const error = new HttpError("Timeout", "Too slow", options);
  assertEquals(error instanceof Error, true);
  assertEquals(String(error), "HttpError: Too slow");
  const { name, code, message, timeout } = error;
  assertEquals([name, code, message, timeout, error.cause], [
    "HttpError",
    "Timeout",
    "Too slow",
    "head",
    cause,
  ]);
  assertEquals([error.progress, error.response], [progress, response]);
});

test("HttpError has null for the facts that are not given", () => {
  for (
    const options of [
      undefined,
      {},
      { progress: undefined, response: undefined, timeout: undefined },
    ]
  ) {
    const error = new HttpError("NoResponse", "None", options);
    const { progress, response, timeout } = error;
    assertEquals([progress, response, timeout], [null, null, null]);
    assertEquals("cause" in error, false);
  }
});

test("JSON of an Err step keeps the code, the message, and the facts", () => {
  const send = new Http11Send(HttpRequest.get("http://example.com/"));
  send.resume();
  send.resume();
  const step = send.resume(toBytes("ICY 200 OK\r\n"));
  if (step.type !== "Err") throw new Error(step.type);
  const { message } = step.error;
  assertEquals(JSON.parse(JSON.stringify(step)), {
    type: "Err",
    error: { name: "HttpError", code: "InvalidStatusLine", message },
  });
  const progress = {
    phase: "body",
    reused: false,
    requestBytes: 1,
    responseBytes: 2,
  } as const;
  const response = new HttpResponse({ status: 200 });
  const facts = { progress, timeout: "body", response } as const;
  assertEquals(
    JSON.parse(JSON.stringify(new HttpError("Timeout", "Too slow", facts))),
    {
      name: "HttpError",
      code: "Timeout",
      message: "Too slow",
      progress,
      timeout: "body",
      response: JSON.parse(JSON.stringify(response)),
    },
  );
});

test("Showing an HttpError shows no credentials of its response", () => {
  const headers = { "Set-Cookie": "s3cret" };
  const response = new HttpResponse({ status: 302, headers });
  const error = new HttpError("TooManyRedirects", "Too many", { response });
  for (
    const text of [
      JSON.stringify(error),
      Deno.inspect(error),
      inspect(error, { showHidden: true, depth: 9 }),
    ]
  ) {
    assertEquals(text.includes("s3cret"), false, text);
  }
});
