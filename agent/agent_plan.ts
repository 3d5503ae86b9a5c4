// The plan of a call, made from its options and those of its agent.

import { environment } from "../client/transport/node_socket.ts";
import type { RequestPlanOptions } from "../client/exchange/request_plan.ts";
import { checkType } from "../core/fault.ts";
import {
  type ReceiveSettings,
  resolveReceiveOptions,
} from "../rfc9112/limits.ts";
import { type CallRules, resolveCallOptions } from "./call_options.ts";
import { checkDecode, type DecodeRules, resolveDecode } from "./decode.ts";
import type { HttpAgentSendOptions } from "./options.ts";
import { secureRandom } from "./clock.ts";
import {
  type CallSettings,
  changeCallSettings,
  type Settings,
} from "./settings.ts";

/** The plan of a call. */
export interface CallPlan {
  readonly settings: CallSettings;
  readonly decode: DecodeRules | null;
  /** The policies, without the members that each call has for itself. */
  readonly rules: CallRules;
  /** How each request is sent, besides the body and the trailers. */
  readonly sendOptions: SendOptions;
}

/** How a request is sent, and how its response is read. */
export interface SendOptions extends RequestPlanOptions {
  readonly receive: ReceiveSettings;
  readonly onInterim: HttpAgentSendOptions["onInterim"];
}

/** The options of a call without options. */
export const NO_OPTIONS: HttpAgentSendOptions = {};

/** Whether no option changes the plan. */
function isPlainCall(options: HttpAgentSendOptions): boolean {
  // The options of a class may be getters, which no loop finds.
  const prototype = Object.getPrototypeOf(options);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const name in options) {
    if (name !== "signal" && name !== "body" && name !== "trailers") {
      return false;
    }
  }
  return true;
}

/** Plans the calls of an agent. */
export class Planner {
  readonly #base: Settings;
  readonly #resendsMisdirected: boolean;
  /** How the agent decodes, once that is known. */
  #decode: DecodeRules | null | undefined;
  /** The plan of a call without options of its own. */
  #plain: CallPlan | null = null;

  /**
   * @param resendsMisdirected Whether to send again after a 421, as fetch does.
   * @throws {RangeError} If a number is out of range.
   */
  constructor(base: Settings, resendsMisdirected = false) {
    this.#base = base;
    this.#resendsMisdirected = resendsMisdirected;
    // Not resolved yet: where no request is handled, Workers have no streams.
    checkDecode(base.decode);
  }

  /**
   * Plans a call.
   *
   * @param given The options of the call.
   * @returns The plan, in a promise until the runtime's decoders are known.
   * @throws {TypeError} If an option is invalid.
   * @throws {RangeError} If a number is out of range.
   */
  plan(given: HttpAgentSendOptions): CallPlan | Promise<CallPlan> {
    const isPlain = isPlainCall(given);
    if (isPlain && this.#plain !== null) return this.#plain;
    // The plan of a plain call serves others too.
    const options = isPlain ? NO_OPTIONS : given;
    const settings = changeCallSettings(this.#base, options, environment);
    const decode = this.#resolveDecode(settings);
    if (decode instanceof Promise) {
      return decode.then((decode) => this.#make(settings, decode, options));
    }
    const plan = this.#make(settings, decode, options);
    if (isPlain) this.#plain = plan;
    return plan;
  }

  #resolveDecode(
    { decode }: CallSettings,
  ): DecodeRules | null | Promise<DecodeRules> {
    if (decode !== this.#base.decode) return resolveDecode(decode);
    if (this.#decode !== undefined) return this.#decode;
    const rules = resolveDecode(decode);
    if (!(rules instanceof Promise)) this.#decode = rules;
    return rules;
  }

  #make(
    settings: CallSettings,
    decode: DecodeRules | null,
    options: HttpAgentSendOptions,
  ): CallPlan {
    const { random = secureRandom, memory, receive } = this.#base;
    const { fields, withheld } = settings.headers;
    const { target, idempotent } = options;
    return {
      settings,
      decode,
      rules: {
        ...resolveCallOptions({
          ...settings,
          headers: fields,
          acceptEncoding: withheld.has("accept-encoding")
            ? undefined
            : decode?.acceptEncoding,
          target,
          idempotent,
          random,
          memory,
        }),
        resendsMisdirected: this.#resendsMisdirected,
      },
      sendOptions: {
        target,
        receive: resolveReceiveOptions(options, receive),
        continueTimeout: settings.timeouts.continue,
        onInterim: checkType("onInterim", options.onInterim, "function"),
      },
    };
  }
}
