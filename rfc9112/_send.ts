// A whole exchange in memory: write the request, fold the response's steps
// into one response, and say where it points.
//
//   Write ──> Head ──> Body ──> Ok
//                        └─ a redirect ──> WantsRedirect ──> Ok
//
// A response may come while the request is still being written: its bytes wait
// in the input until the write was asked for.

import type { Input } from "../core/input.ts";
import type { Reader } from "../core/machine.ts";
import { findRedirect } from "../rfc9110/redirect.ts";
import type { HttpRequest } from "../rfc9110/request.ts";
import { completeResponse, type HttpResponse } from "../rfc9110/response.ts";
import { BodyBuffer } from "./_body_buffer.ts";
import { type BodyPhase, type BodyStep, HeadPhase } from "./_receive.ts";
import type { HttpLimits } from "./limits.ts";
import type { HttpSendResult } from "./send_result.ts";

type State =
  | {
    readonly at: "Write";
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly heads: HeadPhase;
  }
  | { readonly at: "Head"; readonly heads: HeadPhase }
  | BodyState
  | { readonly at: "End"; readonly step: HttpSendResult };

type BodyState = {
  readonly at: "Body";
  readonly response: HttpResponse;
  readonly phase: BodyPhase;
  readonly buffer: BodyBuffer;
};

type BodyEnd = Extract<BodyStep, { type: "Ok" }>;

/** Sends one request and reads one response to its end. */
export class SendReader implements Reader<HttpSendResult> {
  /** The request's URL, as it was when the request was written. */
  readonly #href: string;
  readonly #method: string;
  readonly #limits: HttpLimits;
  readonly #interim: HttpResponse[] = [];
  #state: State;

  constructor(
    request: HttpRequest,
    bytes: Uint8Array<ArrayBuffer>,
    limits: HttpLimits,
  ) {
    this.#href = request.url.href;
    this.#method = request.method;
    this.#limits = limits;
    this.#state = { at: "Write", bytes, heads: new HeadPhase(request, limits) };
  }

  step(input: Input): HttpSendResult {
    const state = this.#state;
    switch (state.at) {
      case "Write":
        this.#state = { at: "Head", heads: state.heads };
        return { type: "WantsWrite", bytes: state.bytes };
      case "Head":
        return this.#readHeads(input, state.heads);
      case "Body":
        return this.#readBody(input, state);
      case "End":
        return state.step;
    }
  }

  #readHeads(input: Input, heads: HeadPhase): HttpSendResult {
    while (true) {
      const step = heads.step(input);
      if (step.type === "WantsRead") return step;
      const { response } = step;
      if (step.type === "Head") {
        const { framing, body: phase } = step;
        const buffer = new BodyBuffer(
          this.#limits.maxBodyBytes,
          framing.kind === "length" ? framing.length : null,
        );
        const state: BodyState = { at: "Body", response, phase, buffer };
        this.#state = state;
        return this.#readBody(input, state);
      }
      this.#interim.push(response);
    }
  }

  #readBody(input: Input, state: BodyState): HttpSendResult {
    while (true) {
      const step = state.phase.step(input);
      if (step.type === "WantsRead") return step;
      if (step.type === "Ok") return this.#finish(state, step);
      state.buffer.push(step.bytes);
    }
  }

  #finish({ response, buffer }: BodyState, end: BodyEnd): HttpSendResult {
    const { trailers, remaining, keepAlive, closeReason, upgraded } = end;
    const step: HttpSendResult = {
      type: "Ok",
      response: completeResponse(response, buffer.finish(), trailers),
      interim: this.#interim,
      remaining,
      keepAlive,
      closeReason,
      upgraded,
    };
    if (!response.isRedirection) return step;
    const redirect = findRedirect(
      { method: this.#method, url: new URL(this.#href) },
      response,
    );
    if (redirect === null) return step;
    this.#state = { at: "End", step };
    return { ...step, type: "WantsRedirect", ...redirect };
  }
}
