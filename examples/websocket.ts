// A WebSocket (RFC 6455) by hand: the handshake is an exchange that ends with 101,
// and then the connection is yours.
//
//   deno run --allow-net examples/websocket.ts [URL]

import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { openOrigin } from "./_server.ts";

await using origin = openOrigin("/websocket", Deno.args[0]);
const url = origin.url.replace(/^ws/, "http"); // ws is http, and wss is https
await using client = await HttpClient.connect(url);

const key = btoa(String.fromCharCode(...randomBytes(16)));
const handshake = HttpRequest.get(url)
  .header("Upgrade", "websocket")
  .header("Connection", "Upgrade")
  .header("Sec-WebSocket-Version", "13")
  .header("Sec-WebSocket-Key", key);
const { response, upgraded } = await client.send(handshake);
if (!upgraded) throw new Error(`There is no WebSocket: ${response.status}`);
if (response.header("Sec-WebSocket-Accept") !== await acceptOf(key)) {
  throw new Error("The server did not read the key"); // RFC 6455 §4.1
}
console.log(response.status, response.reason);

const { readable, writable } = client.detach();
const reader = readable.getReader({ mode: "byob" });
const writer = writable.getWriter();

const TEXT = 0x81; // the last frame of a message, which is text
const CLOSE = 0x88;
await writer.write(frame(TEXT, "Hello, WebSocket!"));
const [first, length] = await read(2); // up to 125, a length is one byte
const text = new TextDecoder().decode(await read(length!));
console.log(first === TEXT ? `Echoed: ${text}` : `A frame of type ${first}`);

await writer.write(frame(CLOSE, ""));
await writer.close();
await reader.cancel();

/** Returns the server's answer to the key. */
async function acceptOf(key: string): Promise<string> {
  const text = `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const sha1 = await crypto.subtle.digest(
    "SHA-1",
    new TextEncoder().encode(text),
  );
  return btoa(String.fromCharCode(...new Uint8Array(sha1)));
}

/** Encodes a frame, masked as a client must. */
function frame(first: number, text: string): Uint8Array {
  const data = new TextEncoder().encode(text);
  const mask = randomBytes(4);
  const masked = data.map((byte, i) => byte ^ mask[i % 4]!);
  return Uint8Array.of(first, 0x80 | data.length, ...mask, ...masked);
}

/** Reads exactly the given number of bytes. */
async function read(length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  const { value } = await reader.read(buffer, { min: length });
  return value ?? new Uint8Array(0);
}

function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}
