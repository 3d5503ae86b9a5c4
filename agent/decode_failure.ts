/** A decoder's verdict: what it was given is not in its coding. */
export class DecodeFailure extends Error {
  override readonly name = "DecodeFailure";
}

/** Decodes one coding: from coded pieces to decoded ones that are the caller's. */
export type Decoder = (
  pieces: AsyncIterable<Uint8Array>,
) => AsyncGenerator<Uint8Array<ArrayBuffer>, void>;
