// Shows one exchange of each kind with servers that it starts itself, or one
// exchange with a given URL.
//
//   deno task demo [URL]

import { Connections } from "./connections.ts";
import { type Exchange, get, makeTour } from "./exchanges.ts";
import { openOrigins } from "./origin.ts";
import { printNote, printOutcome, printSent, printTitle } from "./report.ts";

const [url] = Deno.args;
if (url === undefined) await showTour();
else await showOne(url);

async function showTour(): Promise<void> {
  await using origins = await openOrigins();
  await using connections = new Connections(origins.caCerts);
  printNote("> what was sent    < what came back    = what it means");
  const tour = makeTour(origins);
  for (const [i, exchange] of tour.entries()) {
    printTitle(`${`${i + 1}`.padStart(2)}  ${exchange.title}`, exchange.url);
    await show(exchange, connections);
  }
  printNote(`\n${tour.length} exchanges, ${connections.count} connections`);
}

async function showOne(url: string): Promise<void> {
  await using connections = new Connections([]);
  try {
    const exchange = get("GET", url);
    printTitle(exchange.title, exchange.url);
    await show(exchange, connections);
  } catch (error) {
    // An HttpError describes a fault of the server; other errors, any other fault.
    console.error(`${error}`);
    Deno.exitCode = 1;
  }
}

async function show(
  exchange: Exchange,
  connections: Connections,
): Promise<void> {
  const connection = await connections.get(exchange.url);
  const outcome = await exchange.run(connection.client);
  printSent(connection.takeSent());
  printOutcome(outcome, connection);
}
