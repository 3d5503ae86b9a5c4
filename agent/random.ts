// Randomness that nobody can guess: a client nonce protects the password.

/** Returns a number from 0 up to 1. */
export function secureRandom(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;
}
