// Server-sent events. When the stream ends, the program connects again and continues
// after the last event.
//
//   deno run --allow-net examples/events.ts [URL]

import { HttpRequest, toByteString } from "@pimalaya/io-http";
import { HttpAgent } from "@pimalaya/io-http/agent";
import { readEvents } from "@pimalaya/io-http/client";
import { openOrigin } from "./_server.ts";

const MAX_EVENTS = 5; // yours may go on forever

await using origin = openOrigin("/events", Deno.args[0]);
await using agent = new HttpAgent();
let lastEventId = "";
let retry = 1000;
let count = 0;

/** Reads events until the stream ends, or there are enough. */
async function listen() {
  const request = HttpRequest.get(origin.url)
    .header("Accept", "text/event-stream");
  if (lastEventId !== "") {
    request.header("Last-Event-ID", toByteString(lastEventId));
  }
  const { response, body } = await agent.exchange(request);
  if (response.status !== 200) {
    throw new Error(`There are no events: the status is ${response.status}`);
  }
  const onRetry = (milliseconds: number) => retry = milliseconds;
  for await (const event of readEvents(body, { lastEventId, onRetry })) {
    lastEventId = event.id;
    console.log(`${event.event}: ${event.data}`);
    if (++count === MAX_EVENTS) return;
  }
}

await listen();
while (count < MAX_EVENTS) {
  console.log(`(connecting again after event ${lastEventId})`);
  await new Promise((resolve) => setTimeout(resolve, retry));
  await listen();
}
