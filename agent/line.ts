// The connections of a pool, open or being opened.

import { defaultConnector } from "../client/connect/default.ts";
import { endConnection, openConnection } from "../client/connect/open.ts";
import type { Connection } from "../client/connection/connection.ts";
import type { HttpConnection } from "../client/transport/http_connection.ts";
import { nothingSent } from "../client/transport/open_failure.ts";
import { StreamTransport } from "../client/transport/stream.ts";
import {
  takeTransport,
  type Transport,
} from "../client/transport/transport.ts";
import { withProgress } from "./_progress.ts";
import { type Deadlines, span, Timed } from "./deadlines.ts";
import { connectToProxy, proxyConnector } from "./proxy.ts";
import type { Route } from "./route.ts";
import { timeoutError, type Timeouts } from "./timeouts.ts";

/** The connections of one key, and its waiting calls. */
export class Group {
  readonly id: number;
  readonly route: Route;
  readonly lines: Set<Line> = new Set();
  /** The number of calls that wait, or whose connection is being opened. */
  waiting = 0;
  openings = 0;
  /** When a connection was last released, in the time of the deadlines. */
  freedAt = -Infinity;

  constructor(id: number, route: Route) {
    this.id = id;
    this.route = route;
  }

  /** Describes the use of its connections, for a message. */
  describe(): string {
    let [busy, unread] = [0, 0];
    for (const { user } of this.lines) {
      if (user !== null) busy++;
      if (user?.isUnread) unread++;
    }
    return `${busy} busy, ${unread} with a body that nobody reads`;
  }
}

/** A call that asks for a connection, and then uses it. */
export interface Asker {
  readonly route: Route;
  readonly timeouts: Timeouts;
  /** Whether its request can be sent again if the connection is dead. */
  readonly resendable: boolean;
  /** Whether it needs a connection that has carried no exchange. */
  readonly fresh: boolean;
  /** Whether it has a body that nobody reads. */
  readonly isUnread: boolean;
  /** Called when a phase of opening a connection for it starts. */
  onPhase(phase: OpenPhase): void;
  /** Called with the time that its connection took to open. */
  onOpened(opened: Opened): void;
  /** Receives the connection that it waited for. */
  onLine(line: Line): void;
  /** Called with the reason if it will not get one. */
  onRefused(reason: unknown): void;
}

/** An open connection of the pool. */
export class Line {
  readonly id: number;
  readonly group: Group;
  readonly connection: Connection;
  /** Its user, or `null` if it is idle. */
  user: Asker | null = null;

  constructor(id: number, group: Group, connection: Connection) {
    this.id = id;
    this.group = group;
    this.connection = connection;
  }
}

/** A connection that is being opened, within the limits of the call that asked. */
export class Opening extends Timed {
  readonly group: Group;
  /** The call that it is opened for, until that gets another connection. */
  asker: Asker | null;
  readonly #timeouts: Timeouts;
  readonly #deadlines: Deadlines;
  readonly #controller = new AbortController();
  #phase: OpenPhase = "connect";
  #phaseAt: number;
  #connectTime = 0;

  constructor(group: Group, asker: Asker, deadlines: Deadlines) {
    super();
    this.group = group;
    this.asker = asker;
    this.#timeouts = asker.timeouts;
    this.#deadlines = deadlines;
    this.#phaseAt = deadlines.now();
  }

  get deadline(): number {
    return this.#phaseAt + this.#timeouts[this.#phase];
  }

  /**
   * Opens the connection.
   *
   * @throws {HttpError} If it cannot be opened.
   * @throws {TypeError} If the connector lacks something that the route needs.
   */
  async open(): Promise<Opened> {
    const { signal } = this.#controller;
    this.asker?.onPhase("connect");
    try {
      const opening = openRoute(this.group.route, signal, this.#startTls);
      // While the peer accepts: Deno takes 4 ms to load its first timer.
      this.#deadlines.watch(this);
      const transport = transportOf(await opening);
      const isTls = this.#phase === "tls";
      const time = span(this.#phaseAt, this.#deadlines.now());
      return {
        transport,
        connectTime: isTls ? this.#connectTime : time,
        tlsTime: isTls ? time : null,
      };
    } catch (error) {
      throw withProgress(error, nothingSent(this.#phase));
    } finally {
      this.#deadlines.forget(this);
    }
  }

  /** Stops opening it. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  expire(): void {
    const phase = this.#phase;
    this.abort(timeoutError(phase, {
      origin: this.group.route.origin,
      limit: this.#timeouts[phase],
      progress: nothingSent(phase),
    }));
  }

  readonly #startTls = (): void => {
    const now = this.#deadlines.now();
    this.#connectTime = span(this.#phaseAt, now);
    this.#phase = "tls";
    this.#phaseAt = now;
    this.#deadlines.watch(this);
    this.asker?.onPhase("tls");
  };
}

/** An open connection, and how long its phases took in milliseconds. */
export interface Opened {
  readonly transport: Transport;
  readonly connectTime: number;
  readonly tlsTime: number | null;
}

/** The phase of a connection that is being opened. */
export type OpenPhase = "connect" | "tls";

/**
 * Opens a connection.
 *
 * @param signal Ends the attempt, which rejects with its reason.
 * @param onTls Called when TLS with the origin starts.
 * @throws {HttpError} If no address accepts it, or TLS fails.
 * @throws {TypeError} If the connector lacks something that the route needs.
 */
function openRoute(
  { target, tls, proxy, isForwarded, options }: Route,
  signal: AbortSignal,
  onTls: () => void,
): Promise<HttpConnection> {
  const connector = options.connector ?? defaultConnector();
  if (proxy !== null && isForwarded) {
    return connectToProxy(proxy, { connector, tls: options.tls, signal });
  }
  return openConnection({
    connector: proxy === null
      ? connector
      : proxyConnector(proxy, { ...options, connector }),
    target,
    tls,
    signal,
    onTls,
  });
}

/** @throws {TypeError} If the caller's connector returned no streams, or locked ones. */
function transportOf(connection: HttpConnection): Transport {
  try {
    return takeTransport(connection) ?? new StreamTransport(connection);
  } catch (error) {
    endConnection(connection, error);
    throw error;
  }
}
