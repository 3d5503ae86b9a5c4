// The open connections of a pool.

import type { Connection } from "../client/connection/connection.ts";
import type { Route } from "./route.ts";

/** The connections of one key. */
export class Group {
  readonly id: number;
  readonly route: Route;
  readonly lines: Set<Line> = new Set();
  /** How many calls wait, or have a connection opened for them. */
  waiting = 0;
  openings = 0;
  /** When a connection was last given up, in the time of the deadlines. */
  freedAt = -Infinity;

  constructor(id: number, route: Route) {
    this.id = id;
    this.route = route;
  }

  /** Says what its connections are busy with, for a message. */
  describe(): string {
    let [busy, unread] = [0, 0];
    for (const { user } of this.lines) {
      if (user !== null) busy++;
      if (user?.isUnread) unread++;
    }
    return `${busy} are busy, ${unread} of them with bodies that nobody reads`;
  }
}

/** Who uses a connection. */
export interface LineUser {
  /** Whether it has a body that nobody reads. */
  readonly isUnread: boolean;
}

/** An open connection of the pool. */
export class Line {
  readonly id: number;
  readonly group: Group;
  readonly connection: Connection;
  /** Who uses it, or `null` if it is idle. */
  user: LineUser | null = null;

  constructor(id: number, group: Group, connection: Connection) {
    this.id = id;
    this.group = group;
    this.connection = connection;
  }
}
