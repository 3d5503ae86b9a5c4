// Subresource integrity (W3C SRI §3): whether a body has one of the expected hashes.

const ALGORITHMS = ["SHA-256", "SHA-384", "SHA-512"];
const HASH =
  /^(sha(?:256|384|512))-([A-Za-z0-9+/_-]+={0,2})(?:\?[\x21-\x7e]*)?$/i;

interface ExpectedHash {
  /** A place in {@linkcode ALGORITHMS}, the strongest last. */
  readonly strength: number;
  readonly base64: string;
}

/**
 * Returns whether the bytes have one of the hashes of the strongest algorithm. Skips
 * invalid hashes; without any valid one, all bytes match.
 */
export async function matchesIntegrity(
  bytes: Uint8Array<ArrayBuffer>,
  metadata: string,
): Promise<boolean> {
  const hashes = parse(metadata);
  if (hashes.length === 0) return true;
  const strength = Math.max(...hashes.map((hash) => hash.strength));
  const digest = await crypto.subtle.digest(ALGORITHMS[strength]!, bytes);
  const actual = toBase64(new Uint8Array(digest));
  return hashes.some((hash) =>
    hash.strength === strength && hash.base64 === actual
  );
}

function parse(metadata: string): ExpectedHash[] {
  const hashes: ExpectedHash[] = [];
  for (const token of metadata.split(/[\t\n\f\r ]+/)) {
    const [, name, value] = HASH.exec(token) ?? [];
    if (name === undefined || value === undefined) continue;
    const algorithm = name.toUpperCase().replace("SHA", "SHA-");
    const base64 = value.replace(/=+$/, "").replace(/-/g, "+").replace(
      /_/g,
      "/",
    );
    hashes.push({ strength: ALGORITHMS.indexOf(algorithm), base64 });
  }
  return hashes;
}

/** Encodes bytes without padding. */
function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/=+$/, "");
}
