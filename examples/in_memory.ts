// An exchange without a connection: it plays a recorded response. It needs no
// permission, because a coroutine does no I/O.
//
//   deno run examples/in_memory.ts

import { Http11Send, HttpRequest } from "@pimalaya/io-http";

const recorded = new TextEncoder().encode(
  "HTTP/1.1 200 OK\r\n" +
    "Content-Type: text/plain\r\n" +
    "Transfer-Encoding: chunked\r\n\r\n" +
    "6\r\nHello \r\n7\r\nworld!\n\r\n0\r\nX-Checked: yes\r\n\r\n",
);
const PIECE = 20; // any size gives the same response

const send = new Http11Send(HttpRequest.get("http://example.com/greeting"));
let read = 0;
let step = send.resume();
while (step.type === "WantsWrite" || step.type === "WantsRead") {
  console.log(step.type);
  if (step.type === "WantsWrite") {
    console.log(new TextDecoder().decode(step.bytes));
    step = send.resume();
  } else {
    step = send.resume(recorded.subarray(read, read += PIECE));
  }
}
if (step.type === "Err") throw step.error;

console.log(step.type);
console.log(step.response);
console.log(step.response.text());
