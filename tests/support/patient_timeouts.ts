/**
 * Preloaded into a program that waits for an answer of its test: its timeouts of a second or more last sixty times as
 * long, so that a test that gets no turn for some seconds still answers in time. Its clock and intervals do not change.
 */
const FACTOR = 60;
const FROM_MS = 1_000;
const LONGEST_MS = 2 ** 31 - 1;
const { setTimeout: plain } = globalThis;

globalThis.setTimeout =
  ((...[callback, ms = 0, ...rest]: Parameters<typeof setTimeout>) =>
    plain(callback, ms < FROM_MS ? ms : Math.min(ms * FACTOR, LONGEST_MS), ...rest)) as typeof setTimeout;
