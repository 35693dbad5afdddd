/** A timer for any length of time that a person may ask for. */

/** The runtime takes what is longer for no time at all. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Calls `ring` once, `ms` from now, unless it goes out of scope before; never where `ms` is null. */
export function alarm(
  ms: number | null,
  ring: () => void,
  longestMs: number = LONGEST_TIMEOUT_MS,
): Disposable {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const until = performance.now() + (ms ?? 0);
  const wait = (): void => {
    const left = until - performance.now();
    // A timer may fire a little early.
    timer = setTimeout(left <= longestMs ? ring : wait, Math.min(Math.ceil(left), longestMs));
  };
  if (ms !== null) wait();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
