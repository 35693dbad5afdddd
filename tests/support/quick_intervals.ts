/**
 * Preloaded into a program that a test does not want to wait for: its intervals run fifty times as often. Its
 * clock and its timeouts do not change.
 */
const FACTOR = 50;
const { setInterval: plain } = globalThis;

globalThis.setInterval =
  ((...[callback, ms, ...rest]: Parameters<typeof setInterval>) =>
    plain(callback, (ms ?? 0) / FACTOR, ...rest)) as typeof setInterval;
