// The embedded origins of the demo, servers of Deno and of Node.

import http from "node:http";
import { listen, openOrigin, openTlsOrigin } from "../_server.ts";

/** The URLs of the origins. */
export interface Origins extends AsyncDisposable {
  /** Over TCP, the server of Deno. */
  readonly plain: string;
  /** Over TLS, the server of Deno. */
  readonly secure: string;
  /** Over TCP, the server of Node, which knows 103 and trailers. */
  readonly streaming: string;
  /** The authority of the one with TLS. */
  readonly caCerts: string[];
}

/** Starts them. */
export async function openOrigins(): Promise<Origins> {
  const plain = openOrigin("");
  const secure = openTlsOrigin("");
  const streaming = await listen(http.createServer(answerUpload));
  return {
    plain: plain.url,
    secure: secure.url,
    streaming: streaming.url,
    caCerts: secure.caCerts,
    async [Symbol.asyncDispose]() {
      for (const server of [plain, secure, streaming]) {
        await server[Symbol.asyncDispose]();
      }
    },
  };
}

/** Sends a hint at once, and a report at the end of the upload. */
async function answerUpload(
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
  let length = 0;
  for await (const piece of request) length += piece.length;
  response.writeHead(200, { "Content-Type": "text/plain" });
  response.write(`Received ${length} bytes, `);
  response.write(`${request.trailers["x-pieces"]} pieces\n`);
  response.addTrailers({ "X-Received": `${length}` });
  response.end();
}
