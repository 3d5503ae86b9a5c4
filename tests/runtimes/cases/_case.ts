// What a case of the client is, and what several of them do. `../_origin.ts` is
// the server that they talk to.

import type { HttpClient } from "../../../client/mod.ts";
import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";

/** What a case works with. */
export interface Run {
  /** Makes the URL of a path. */
  url(path: string): string;
  /** Opens a new connection, which is closed when the case is over. */
  connect(): Promise<HttpClient>;
}

/** A case; it rejects where something is not as it should be. */
export type Case = (run: Run) => Promise<void>;

/** Sends a GET for a path, and gives the text of its response. */
export async function getText(
  client: HttpClient,
  url: string,
): Promise<string> {
  const { response } = await client.send(HttpRequest.get(url));
  equal("status", response.status, 200);
  return response.text();
}

/** Gives what a promise rejects with. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("It does not reject");
}

/** Joins pieces of text, each as bytes. */
export async function readText(
  body: ReadableStream<Uint8Array>,
): Promise<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
  }
}
