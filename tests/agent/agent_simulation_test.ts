// The agent in random worlds: servers that misbehave, callers that abort, pause, read a
// part, or nothing, and much that happens at the same time. What is checked holds in
// each (docs/policies.md, "Pool", "Sending again", and "Time limits").

import { HttpError, HttpRequest } from "@pimalaya/io-http";
import { HttpAgent, type HttpAgentSendOptions } from "@pimalaya/io-http/agent";
import { DenoTransport } from "../../client/transport/deno.ts";
import { makeConnection } from "../../client/transport/socket_connection.ts";
import { fc } from "../_fast_check.ts";
import { toBytes } from "../_text.ts";
import { must, property } from "../properties/_property.ts";
import {
  Network,
  ok,
  type Reply,
  respond,
  type SeenRequest,
} from "./_network.ts";
import { PipeConn, World } from "./_world.ts";

const HOSTS = ["http://a.example", "http://b.example"];
const FATES = [
  ...["ok", "ok", "ok", "chunked", "to close", "last", "redirect", "slow"],
  ...["late", "late", "close", "reset", "stall", "cut"],
];
const WAYS = ["send", "pause", "pause", "read", "part", "discard", "leave"];
const LIMITS = [
  ...[{}, { total: 30 }, { attempt: 20 }, { connect: 10 }, { queue: 10 }],
  ...[{ head: 10 }, { body: 10 }],
];
// So few that much happens at once.
const SOON = [0, 0, 10, 20];

/** A request that has arrived. */
interface Arrival extends SeenRequest {
  readonly at: number;
  /** The body of its response. */
  readonly answer: string;
  /** Whether some of that was written. */
  isAnswered: boolean;
}

interface Call {
  readonly id: number;
  readonly request: HttpRequest;
  readonly options: HttpAgentSendOptions;
  readonly isOneShot: boolean;
  readonly startedAt: number;
  readonly controller: AbortController;
  readonly arrivals: Arrival[];
  isOver: boolean;
}

class Simulation {
  readonly #world: World;
  readonly #network = new Network((request) => this.#serve(request));
  readonly #agent: HttpAgent;
  readonly #limits: { maxConnections: number; maxConnectionsPerOrigin: number };
  readonly #calls: Call[] = [];
  /** Connections that ended in the midst of things, or got junk then. */
  readonly #disturbed = new Map<number, number>();
  #hasJunk = false;
  #closing: "no" | "closing" | "closed" = "no";
  /** It would be dropped if it were garbage. */
  readonly #left: unknown[] = [];
  readonly #faults: string[] = [];

  constructor(world: World) {
    this.#world = world;
    this.#limits = {
      maxConnections: world.pick([2, 1, 3]),
      maxConnectionsPerOrigin: world.pick([1, 2]),
    };
    const hasSockets = world.below(2) === 1;
    this.#agent = new HttpAgent({
      clock: world,
      pool: this.#limits,
      connector: {
        connect: async (target, options) => {
          this.#meddle();
          await this.#pause();
          const pipe = await this.#network.connect(target, options);
          return hasSockets
            ? makeConnection(new DenoTransport(new PipeConn(pipe)))
            : pipe;
        },
      },
      cookies: { store: () => this.#meddle(), header: () => this.#meddle() },
    });
    if (world.below(4) === 3) this.#soon(() => this.#close());
    for (let count = world.below(8); count >= 0; count--) {
      world.after(world.pick([...SOON, 30, 4510]), () => this.#call());
    }
  }

  /** Lets everything happen, closes the agent, and checks that nothing is left. */
  async run(): Promise<void> {
    const check = () => this.#check();
    await this.#world.run(check);
    for (const { id, isOver } of this.#calls) must(isOver, `${id} is pending`);
    this.#close();
    await this.#world.run(check);
    must(this.#closing === "closed", "close() is pending");
    const { open, connecting, waiting, origins } = this.#agent.stats();
    const left = open + connecting + waiting + origins.size;
    must(left + this.#network.open === 0, "Connections are left");
    must(this.#world.timers === 0, "Timers are left");
  }

  /** Checks that the limits hold, and that no call waits without need. */
  #check(): void {
    must(this.#faults.length === 0, this.#faults.join());
    const { maxConnections, maxConnectionsPerOrigin } = this.#limits;
    const stats = this.#agent.stats();
    const size = stats.open + stats.connecting;
    must(size <= maxConnections, "The total is above its limit");
    const isFull = size === maxConnections && stats.idle === 0;
    for (const { open, connecting, idle, waiting } of stats.origins.values()) {
      const size = open + connecting;
      must(size <= maxConnectionsPerOrigin, "An origin is above its limit");
      const isOriginFull = size === maxConnectionsPerOrigin && idle === 0;
      must(waiting === 0 || isFull || isOriginFull, "A call waits in vain");
    }
  }

  #soon(run: () => void): void {
    this.#world.after(this.#world.pick(SOON), run);
  }

  #pause(): Promise<void> {
    return this.#world.pause(this.#world.pick(SOON));
  }

  /** Aborts a call now and then, out of the caller's own functions. */
  #meddle(): null {
    if (this.#world.below(16) === 15 && this.#calls.length > 0) {
      this.#world.pick(this.#calls).controller.abort();
    }
    return null;
  }

  #close(): void {
    this.#closing = "closing";
    if (this.#world.below(4) === 3) this.#agent.abort();
    this.#agent.close().then(() => this.#closing = "closed");
  }

  // The servers:

  async #serve(request: SeenRequest): Promise<Reply> {
    const id = parseInt(request.target.slice(1));
    const { arrivals } = this.#calls[id]!;
    const answer = `${id}.${arrivals.length};`.repeat(
      this.#world.pick([1, 0, 200]),
    );
    const at = this.#world.now();
    const arrival = { ...request, at, answer, isAnswered: false };
    this.#checkArrival(this.#calls[id]!, arrival);
    arrivals.push(arrival);
    await this.#pause();
    return await this.#reply(arrival, this.#world.pick(FATES));
  }

  async #reply(arrival: Arrival, fate: string): Promise<Reply> {
    const { answer, connection, target } = arrival;
    const then = this.#world.pick(["close", "reset", "stall"] as const);
    arrival.isAnswered = fate !== "cut" || then !== "reset";
    switch (fate) {
      case "chunked": {
        const size = answer.length.toString(16);
        const chunk = answer === "" ? "" : `${size}\r\n${answer}\r\n`;
        return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
          `${chunk}0\r\n\r\n`;
      }
      case "to close":
        return { write: `HTTP/1.1 200 OK\r\n\r\n${answer}`, then: "close" };
      case "last":
        return ok(answer, { Connection: "close" });
      case "redirect": {
        const status = this.#world.pick(["302 Found", "307 Temporary"]);
        const Location = `${this.#world.pick(HOSTS)}${target}/`;
        return respond(status, "moved", { Location });
      }
      case "slow": {
        const at = 1 + this.#world.below(40);
        this.#network.servers[connection - 1]!.write(ok(answer).slice(0, at));
        await this.#pause();
        return ok(answer).slice(at);
      }
      case "cut":
        return { write: ok(answer + "cut").slice(0, -1), then };
      case "close":
      case "reset":
      case "stall":
        arrival.isAnswered = false;
        return { then: fate };
      case "late":
        this.#soon(() => this.#disturb(connection));
    }
    return ok(answer);
  }

  /** Ends a connection or writes to it, whatever it is used for by then. */
  #disturb(connection: number): void {
    const server = this.#network.servers[connection - 1]!;
    if (server.isClosed || server.hasEnded) return;
    this.#disturbed.set(connection, this.#world.now());
    const how = this.#world.pick(["close", "reset", "junk"]);
    if (how === "reset") server.abort(new Error("Connection reset by peer"));
    else if (how === "close") server.close();
    else {
      this.#hasJunk = true;
      server.write(ok("junk"));
    }
  }

  /** Notes a fault if the request must not be sent, or not again. */
  #checkArrival({ arrivals, isOneShot }: Call, arrival: Arrival): void {
    const { method, target, body, connection } = arrival;
    if (!["", "text", "stream"].includes(body)) this.#faults.push(body);
    const [last, before] = [arrivals.at(-1), arrivals.at(-2)];
    if (last?.target !== target || this.#hasJunk) return;
    const mayResend = method !== "POST" && (body === "" || !isOneShot) &&
      (!last.isAnswered || this.#disturbed.has(last.connection)) &&
      last.ordinal > 1 && last.connection !== connection &&
      before?.target !== target;
    if (!mayResend) this.#faults.push(`${method} ${target} is sent again`);
  }

  // The callers:

  #call(): void {
    const world = this.#world;
    const id = this.#calls.length;
    const url = `${world.pick(HOSTS)}/${id}`;
    const method = world.pick(["GET", "GET", "POST", "PUT"]);
    const body = method === "GET" ? undefined : world.pick([
      "text",
      this.#stream(),
      () => this.#stream(),
    ]);
    const controller = new AbortController();
    const { signal } = controller;
    const call: Call = {
      id,
      request: new HttpRequest(method, url),
      options: { signal, body, timeouts: world.pick(LIMITS) },
      isOneShot: typeof body === "object",
      startedAt: world.now(),
      controller,
      arrivals: [],
      isOver: false,
    };
    this.#calls.push(call);
    if (world.below(4) === 3) this.#soon(() => controller.abort());
    const way = world.pick(WAYS);
    this.#read(call, way)
      .then((text) => this.#checkText(call, text))
      .catch((error) => this.#checkError(call, error))
      .catch((fault) => this.#faults.push(`${way} ${id}: ${fault}`))
      .finally(() => call.isOver = true);
  }

  #stream(): ReadableStream<Uint8Array> {
    const pieces = ["str", "eam"];
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        this.#meddle();
        await this.#pause();
        const piece = pieces.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(toBytes(piece));
      },
    }, { highWaterMark: 0 });
  }

  /** Returns the body, or `null` if it has not read all of it. */
  async #read({ request, options }: Call, way: string): Promise<string | null> {
    if (way === "send") {
      return (await this.#agent.send(request, options)).response.text();
    }
    const exchange = await this.#agent.exchange(request, options);
    if (way === "pause") await this.#pause();
    if (way === "read" || way === "pause") return await exchange.text();
    if (way === "discard") await exchange.discard();
    if (way === "leave") this.#left.push(exchange);
    if (way === "part") {
      const reader = exchange.body.getReader();
      await reader.read();
      await reader.cancel();
    }
    return null;
  }

  #checkText({ arrivals, options }: Call, text: string | null): void {
    const last = arrivals.at(-1);
    const junkAt = this.#disturbed.get(last?.connection ?? 0) ?? Infinity;
    if (text === "junk" && last && options.body === undefined) {
      must(last.at <= junkAt + 1, "It gets junk from before its request");
    }
    // Behind junk, each response is taken for that to another request.
    if (this.#hasJunk || text === null || text === "moved") return;
    must(text === last?.answer, `It gets ${text}, not ${last?.answer}`);
  }

  #checkError(
    { startedAt, options, controller, arrivals }: Call,
    thrown: Error,
  ) {
    const { signal } = controller;
    if (signal.aborted && thrown === signal.reason) return;
    // Of a call that came too late, or of a body that nobody was reading.
    const isByClosing = thrown.name === "AbortError" ||
      /is closed|was discarded/.test(thrown.message);
    if (this.#closing !== "no" && isByClosing) return;
    if (!(thrown instanceof HttpError)) throw thrown;
    const { progress, timeout } = thrown;
    let sent = 0;
    for (const { head } of arrivals) sent += head.length;
    must(progress !== null && progress.requestBytes >= sent, thrown.message);
    const taken = this.#world.now() - startedAt;
    const { total = Infinity, ...others } = options.timeouts!;
    // A timer of Deno's has whole milliseconds.
    must(taken <= total! + 20, "It outlives its total limit");
    const limits = { total, ...others } as Record<string, number>;
    must(
      timeout === null || taken >= (limits[timeout] ?? 10_000),
      thrown.message,
    );
  }
}

property(
  "Pool: HttpAgent keeps its limits, starves nobody, mixes up and leaks nothing, and sends nothing again that must not be, in 1,000 random worlds",
  1000,
  fc.uint8Array({ minLength: 100, maxLength: 400 }),
  async (choices) => {
    using world = new World(choices);
    await new Simulation(world).run();
  },
);
