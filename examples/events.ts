// Server-sent events, going on after the last one when the stream breaks off.
//
//   deno run --allow-net examples/events.ts [URL]

import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient, readEvents } from "@pimalaya/io-http/client";
import { openOrigin } from "./_server.ts";

const MAX_EVENTS = 5; // this program ends some time; yours may go on

await using origin = openOrigin("/events", Deno.args[0]);
let lastEventId = "";
let retry = 1000;
let count = 0;

/** Reads events until the stream or their number is at its end. */
async function listen() {
  const request = HttpRequest.get(origin.url)
    .header("Accept", "text/event-stream");
  if (lastEventId !== "") request.header("Last-Event-ID", utf8(lastEventId));
  await using client = await HttpClient.connect(origin.url);
  const { response, body } = await client.exchange(request);
  if (response.status !== 200) {
    throw new Error(`There are no events: the answer is ${response.status}`);
  }
  const onRetry = (milliseconds: number) => retry = milliseconds;
  for await (const event of readEvents(body, { lastEventId, onRetry })) {
    lastEventId = event.id;
    console.log(`${event.event}: ${event.data}`);
    if (++count === MAX_EVENTS) return;
  }
}

/** A field value is a byte string, so an ID goes into it as UTF-8. */
function utf8(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

await listen();
while (count < MAX_EVENTS) {
  console.log(`(connecting again after event ${lastEventId})`);
  await new Promise((resolve) => setTimeout(resolve, retry));
  await listen();
}
