// Bodies of an agent's responses without content codings.

import { HttpResponse, markStreamed } from "../rfc9110/response.ts";
import { BodyBuffer } from "../rfc9112/_body_buffer.ts";
import {
  decodePieces,
  type DecodeRules,
  type Decoding,
  findCodings,
  withoutCodings,
} from "./decode.ts";

/** Finds what to decode in a response; `null` for nothing. */
export function findDecoding(
  method: string,
  response: HttpResponse,
  rules: DecodeRules | null,
): Decoding | null {
  if (rules === null) return null;
  const codings = findCodings(method, response, rules);
  if (codings.length === 0) return null;
  const { version, status, reason, headers } = response;
  const decoded = new HttpResponse({
    version,
    status,
    reason,
    headers: withoutCodings(headers),
  });
  return { codings, rules, response: markStreamed(decoded) };
}

/**
 * Decodes a body in memory.
 *
 * @throws {HttpError} If it is not in its codings, or too large.
 */
export async function decodeBytes(
  bytes: Uint8Array<ArrayBuffer>,
  decoding: Decoding,
  maxBodyBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new BodyBuffer(maxBodyBytes, null, decoding.response);
  for await (const piece of decodePieces(once(bytes), decoding)) {
    buffer.push(piece);
  }
  return buffer.take();
}

async function* once(
  bytes: Uint8Array<ArrayBuffer>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield await bytes;
}
