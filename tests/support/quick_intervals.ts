/**
 * Preloaded into a program whose clock a test does not want to wait for: what it does every few seconds it does fifty
 * times as often. Nothing that it measures or is waited for changes.
 */
const FACTOR = 50;
const { setInterval: plain } = globalThis;

globalThis.setInterval =
  ((...[callback, ms, ...rest]: Parameters<typeof setInterval>) =>
    plain(callback, (ms ?? 0) / FACTOR, ...rest)) as typeof setInterval;
