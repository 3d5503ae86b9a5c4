// A streamed exchange of an agent: the client's, without content codings.

import type { StreamedBody } from "../client/exchange/body.ts";
import {
  type BodyStream,
  type Convert,
  Exchange,
  type Explain,
} from "../client/exchange/exchange.ts";
import { makeRef } from "../client/transport/garbage.ts";
import type {
  HttpConnection,
  HttpConnectionInfo,
} from "../client/transport/http_connection.ts";
import type { HttpProgress } from "../error.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import type { AgentCall, CallResult } from "./agent_call.ts";
import type { BodyUse } from "./agent_unread.ts";
import { type BodyWatch, decodeStream, decodeWhole } from "./decode.ts";
import type {
  HttpAgentExchange,
  HttpAgentFacts,
  HttpTimings,
} from "./facts.ts";
import type { HttpHop } from "./redirects.ts";

/** Lists the facts of a call whose response has arrived. */
export function factsOf(
  { attempt, end, decoding }: CallResult,
): HttpAgentFacts {
  return {
    url: attempt.request.url,
    hops: end.hops,
    attempts: end.attempts,
    info: attempt.info,
    timings: attempt.timings,
    decoded: decoding?.codings ?? [],
  };
}

/** A streamed exchange of an agent. */
export class AgentExchange extends Exchange implements HttpAgentExchange {
  readonly url: URL;
  readonly hops: HttpHop[];
  readonly attempts: number;
  readonly info: HttpConnectionInfo | null;
  readonly timings: HttpTimings;
  readonly decoded: string[];
  readonly #call: AgentCall;
  readonly #result: CallResult<StreamedBody>;
  readonly #explain: Explain | undefined;
  readonly #use: BodyUse = { isTaken: false, streams: [] };

  /** @param explain Returns the error for the reader of the stream. */
  constructor(
    call: AgentCall,
    result: CallResult<StreamedBody>,
    explain?: Explain,
  ) {
    const { received, attempt, decoding } = result;
    const response = decoding?.response;
    super(received, { ...attempt.parts, response });
    ({
      url: this.url,
      hops: this.hops,
      attempts: this.attempts,
      info: this.info,
      timings: this.timings,
      decoded: this.decoded,
    } = factsOf(result));
    this.#call = call;
    this.#result = result;
    this.#explain = explain;
    call.handOver(this, result, this.#use);
  }

  /** The head as it was received. */
  get head(): HttpResponse {
    return this.#result.received.response;
  }

  progress(): HttpProgress {
    return this.#call.progress;
  }

  /**
   * Registers a stream that the body is read through.
   *
   * @param replaced The stream that it replaces, if any.
   */
  handOut(stream: ReadableStream, replaced: ReadableStream | null): void {
    const others = this.#use.streams.filter((ref) => ref.deref() !== replaced);
    this.#use.streams = [...others, makeRef(stream)];
  }

  override detach(): HttpConnection {
    const connection = super.detach();
    this.#result.attempt.detach();
    return connection;
  }

  override async discard(): Promise<void> {
    await super.discard();
    this.#result.attempt.close();
  }

  protected override stream(): BodyStream {
    const { decoding } = this.#result;
    const coded = super.stream(this.#explain);
    const stream = decoding === null
      ? coded
      : decodeStream(coded, decoding, this.#watch(), this.#explain);
    this.handOut(stream, null);
    return stream;
  }

  override async collect<T>(convert: Convert<T>): Promise<T> {
    this.#use.isTaken = true;
    const { decoding } = this.#result;
    if (decoding === null) return await super.collect(convert);
    // Without a limit on the encoded bytes.
    const { maxBodyBytes } = this.#call.plan.sendOptions.receive;
    return convert(
      await decodeWhole(super.stream(), decoding, this.#watch(), maxBodyBytes),
    );
  }

  #watch(): BodyWatch {
    const call = this.#call;
    const ended = this.#result.received.whenEnded();
    return { ended, progress: () => call.progress };
  }
}
