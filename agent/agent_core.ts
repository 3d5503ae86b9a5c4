// The inside of an agent: its settings, its calls, and the pool, which it shares
// with the agents that `with` derives from it.
//
//   open ── close ──> closing ── its last call ends ──> closed
//    └───── abort ───────────────────────────────────────^

import { environment } from "../client/transport/node_socket.ts";
import { checkMethods, checkType } from "../core/fault.ts";
import { nextTurn } from "../client/transport/turn.ts";
import type { HttpRequest } from "../rfc9110/request.ts";
import { LinkedList } from "./_linked_list.ts";
import { prepareBody } from "./agent_body.ts";
import { AgentCall, type CallHost } from "./agent_call.ts";
import { type CallPlan, Planner } from "./agent_plan.ts";
import { secureRandom, systemClock } from "./clock.ts";
import { Conversation } from "./conversation.ts";
import type {
  HttpAgentOptions,
  HttpAgentSendOptions,
  HttpWarning,
} from "./options.ts";
import { Pool } from "./pool.ts";
import { findRoute, type Route } from "./route.ts";
import {
  type CallSettings,
  changeSettings,
  defaultSettings,
  type Settings,
} from "./settings.ts";

type State =
  | { readonly kind: "open" }
  | { readonly kind: "closing"; readonly closed: Promise<void> }
  | { readonly kind: "aborted"; readonly reason: unknown };

const OPEN: State = { kind: "open" };

// A crawler meets any number of origins.
const MAX_ROUTES = 1024;

/** The inside of an agent. */
export class AgentCore implements CallHost {
  readonly pool: Pool;
  readonly settings: Settings;
  /** The agent whose pool it shares; `null` if the pool is its own. */
  readonly #parent: AgentCore | null;
  readonly #planner: Planner;
  readonly #routes = new Map<string, Route>();
  /** The route that was found last, and the prefix of its origin's URLs. */
  #last: { readonly prefix: string; readonly route: Route } | null = null;
  /**
   * Its calls and those of the agents that share its pool; empty if the pool is
   * another's. Not a `Set`: each time one grows, its old table keeps the calls in
   * it from being collected by a scavenge.
   */
  readonly #calls = new LinkedList<AgentCall>();
  /** The number of its calls, and of those of the agents that share its pool. */
  #callCount = 0;
  #state: State = OPEN;
  /** Called when the last call has ended. */
  #onQuiet: () => void = () => {};

  private constructor(
    pool: Pool,
    settings: Settings,
    parent: AgentCore | null,
  ) {
    this.pool = pool;
    this.settings = settings;
    this.#parent = parent;
    this.#planner = new Planner(settings);
  }

  /**
   * Creates the inside of an agent with a pool of its own.
   *
   * @throws {TypeError} If an option is invalid.
   * @throws {RangeError} If a number is out of range.
   */
  static create(options: HttpAgentOptions): AgentCore {
    const { pool: limits, clock } = options;
    const pool = new Pool(
      checkType("pool", limits, "object"),
      checkMethods("clock", clock, "now", "startTimer") ?? systemClock,
    );
    const settings = changeSettings(defaultSettings(), options, environment);
    return new AgentCore(pool, settings, null);
  }

  /**
   * Creates the inside of an agent that shares the pool.
   *
   * @throws {TypeError} If an option is invalid.
   * @throws {RangeError} If a number is out of range.
   */
  derive(options: HttpAgentOptions): AgentCore {
    const settings = changeSettings(this.settings, options, environment);
    return new AgentCore(this.pool, settings, this.#parent ?? this);
  }

  /** Whether calls are refused, and bodies that nobody reads are dropped. */
  get isClosing(): boolean {
    return this.#state !== OPEN || (this.#parent?.isClosing ?? false);
  }

  /**
   * Starts a call.
   *
   * @param request The request, which the call now owns.
   * @param planner Plans the call.
   * @returns The call, in a promise until the runtime's decoders are known.
   * @throws {TypeError} If an option is invalid, or the agent is closed.
   * @throws {RangeError} If a number is out of range.
   * @throws {unknown} The reason of the signal, if it is aborted.
   */
  start(
    request: HttpRequest,
    options: HttpAgentSendOptions,
    planner: Planner = this.#planner,
  ): AgentCall | Promise<AgentCall> {
    this.checkStart(options);
    const plan = planner.plan(options);
    return plan instanceof Promise
      ? plan.then((plan) => {
        // Nothing has listened to the signal in the meantime.
        this.checkStart(options);
        return this.#start(request, options, plan);
      })
      : this.#start(request, options, plan);
  }

  checkStart({ signal }: HttpAgentSendOptions): void {
    this.checkOpen();
    signal?.throwIfAborted();
  }

  #start(
    request: HttpRequest,
    options: HttpAgentSendOptions,
    plan: CallPlan,
  ): AgentCall {
    const { rules, settings } = plan;
    const body = prepareBody(options.body);
    const streamed = options.body !== undefined;
    const conversation = new Conversation(
      request,
      streamed || settings.cookies !== null
        ? {
          ...rules,
          replayable: body.replayable,
          streamed,
          bodyBytes: () => body.bytes(),
          now: this.pool.clock.now(),
        }
        : rules,
    );
    const call = new AgentCall(this, conversation, plan, options, body);
    this.add(call);
    return call;
  }

  findRoute(url: URL, proxy: URL | null, settings: CallSettings): Route {
    const { connectTo } = settings;
    // Otherwise, all URLs of an origin have the same route.
    const isOwn = proxy !== null || connectTo !== this.settings.connectTo ||
      typeof connectTo === "function";
    if (isOwn) return this.#newRoute(url, proxy, settings);
    // Faster than serializing the origin, which nearly all calls share.
    if (this.#last !== null && url.href.startsWith(this.#last.prefix)) {
      return this.#last.route;
    }
    const { origin } = url;
    let route = this.#routes.get(origin);
    if (route === undefined) {
      route = this.#newRoute(url, proxy, settings);
      if (this.#routes.size >= MAX_ROUTES) this.#routes.clear();
      this.#routes.set(origin, route);
    }
    this.#last = { prefix: `${origin}/`, route };
    return route;
  }

  #newRoute(url: URL, proxy: URL | null, settings: CallSettings): Route {
    const { connectTo, credentials } = settings;
    const { connector, tls, memory, random = secureRandom } = this.settings;
    return findRoute(
      url,
      { connector, tls, credentials, memory, random },
      proxy,
      // A copy, because the caller's function may change it.
      typeof connectTo === "function" ? connectTo(new URL(url)) : connectTo,
    );
  }

  remove(call: AgentCall): void {
    call.link.remove();
    this.#callCount--;
    if (this.#callCount === 0) this.#onQuiet();
    this.#parent?.remove(call);
  }

  warn(warning: HttpWarning): void {
    this.settings.onWarning?.(warning);
  }

  /** Closes the agent once its calls have ended. */
  close(): Promise<void> {
    const state = this.#state;
    if (state.kind === "closing") return state.closed;
    const closed = this.#shutDown();
    if (state.kind === "open") this.#state = { kind: "closing", closed };
    return closed;
  }

  /** Ends the calls with a reason, and closes the agent. */
  abort(reason: unknown): void {
    this.#state = { kind: "aborted", reason };
    this.#forEachCall((call) => call.abort(reason));
    if (this.#parent === null) this.pool.finish(reason).catch(() => {});
  }

  async #shutDown(): Promise<void> {
    // Code that has just received an exchange needs a moment to read its body.
    await nextTurn();
    this.#forEachCall((call) => call.dropUnread());
    if (this.#parent === null) this.pool.shutDown();
    if (this.#callCount > 0) {
      await new Promise<void>((resolve) => this.#onQuiet = resolve);
    }
    if (this.#parent === null) await this.pool.finish(null);
  }

  /** Registers a call. */
  add(call: AgentCall): void {
    this.#callCount++;
    if (this.#parent === null) this.#calls.push(call.link);
    else this.#parent.add(call);
  }

  #forEachCall(act: (call: AgentCall) => void): void {
    const root = this.#parent ?? this;
    const calls: AgentCall[] = [];
    for (let link = root.#calls.first; link !== null; link = link.next) {
      if (root === this || link.value.host === this) calls.push(link.value);
    }
    for (const call of calls) act(call);
  }

  /** @throws {TypeError} If the agent is closed. */
  checkOpen(): void {
    const state = this.#state;
    if (state.kind === "open") return this.#parent?.checkOpen();
    throw new TypeError(
      "Cannot start a call: the agent is closed",
      state.kind === "aborted" ? { cause: state.reason } : undefined,
    );
  }
}
