import { assertEquals } from "@std/assert";
import { HttpError } from "../error.ts";
import { Http11ReceiveHead, HttpResponse } from "../mod.ts";
import { test } from "./_pure.ts";
import { shownAs } from "./_shown.ts";
import { toBytes } from "./_text.ts";

const PROGRESS = {
  phase: "body",
  reused: true,
  requestBytes: 3,
  responseBytes: 2,
} as const;

test("HttpError keeps its code, message, cause, and facts", () => {
  const cause = new Error("reset");
  const response = new HttpResponse({ status: 200 });
  const facts = { progress: PROGRESS, response, timeout: "body" } as const;
  const error = new HttpError("Timeout", "Too slow", { ...facts, cause });
  assertEquals(error instanceof Error, true);
  assertEquals(String(error), "HttpError: Too slow");
  const { name, code, message, timeout } = error;
  assertEquals([name, code, message], ["HttpError", "Timeout", "Too slow"]);
  assertEquals([timeout, error.cause], ["body", cause]);
  assertEquals([error.progress, error.response], [PROGRESS, response]);
  assertEquals(
    JSON.parse(JSON.stringify(error)),
    { name, code, message, ...JSON.parse(JSON.stringify(facts)) },
  );
});

test("HttpError has null for the facts that are not given", () => {
  const absent = {
    progress: undefined,
    response: undefined,
    timeout: undefined,
    cause: undefined,
  };
  for (const options of [undefined, {}, absent]) {
    const error = new HttpError("NoResponse", "None", options);
    const { progress, response, timeout } = error;
    assertEquals([progress, response, timeout], [null, null, null]);
    assertEquals("cause" in error, false);
  }
});

test("JSON of an Err step keeps the code and the message", () => {
  const head = new Http11ReceiveHead();
  const step = head.resume(toBytes("ICY 200 OK\r\n"));
  if (step.type !== "Err") throw new Error(step.type);
  const { name, code, message } = step.error;
  const error = { name, code, message };
  assertEquals(JSON.parse(JSON.stringify(step)), { type: "Err", error });
});

test("Showing an HttpError shows no credentials of its response", () => {
  const headers = { "Set-Cookie": "s3cret" };
  const response = new HttpResponse({ status: 302, headers });
  const error = new HttpError("TooManyRedirects", "Too many", { response });
  const secrets = shownAs(error).filter((text) => text.includes("s3cret"));
  assertEquals(secrets, []);
});
