// Delta debugging: as much is taken out of an input as can be, so that it still
// fails.

// Each try is a run; a few thousand of them take some seconds.
const MAX_TRIES = 3000;

/**
 * Makes a failing input shorter, then plainer.
 *
 * @param fails Tells whether an input fails in the same way.
 */
export function minimise(
  input: string,
  fails: (input: string) => boolean,
): string {
  let tries = 0;
  const stillFails = (shorter: string) => tries++ < MAX_TRIES && fails(shorter);
  let least = input;
  let length = Math.ceil(least.length / 2);
  while (length > 0) {
    const shorter = removeRanges(least, length, stillFails);
    // Another round pays where the one before took something out.
    if (shorter === least) length = length === 1 ? 0 : Math.ceil(length / 2);
    least = shorter;
  }
  return replaceChars(least, stillFails);
}

/** Takes out each range of that length without which it fails as well. */
function removeRanges(
  input: string,
  length: number,
  stillFails: (input: string) => boolean,
): string {
  let least = input;
  // From the end: there is more to take out, and offsets before it stay.
  for (let at = least.length - length; at > -length; at -= length) {
    const from = Math.max(0, at);
    const shorter = least.slice(0, from) + least.slice(at + length);
    if (stillFails(shorter)) least = shorter;
  }
  return least;
}

/** Puts a plain char in the place of each that may be any. */
function replaceChars(
  input: string,
  stillFails: (input: string) => boolean,
): string {
  let least = input;
  for (let at = 0; at < least.length; at++) {
    if (/[\w\s:]/.test(least[at]!)) continue;
    const plainer = `${least.slice(0, at)}x${least.slice(at + 1)}`;
    if (stillFails(plainer)) least = plainer;
  }
  return least;
}
