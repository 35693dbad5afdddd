/** Timers for any length of time that a user may set. */
import type { Clock } from "../../domain/process/clock.ts";

/** The longest time of a timer; the runtime treats longer ones as zero. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The timers of a clock, and the time by which they run. */
type Timers = Pick<Clock, "performance" | "setTimeout" | "clearTimeout">;

/** Calls `ring` once, `ms` from now, unless it goes out of scope before; never if `ms` is null. */
export function alarm(
  ms: number | null,
  ring: () => void,
  clock: Timers = globalThis,
  longestMs: number = LONGEST_TIMEOUT_MS,
): Disposable {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const until = clock.performance.now() + (ms ?? 0);
  const wait = (): void => {
    const left = until - clock.performance.now();
    // A timer may fire a little early, and on a busy machine the time may already have passed.
    timer = clock.setTimeout(
      left <= longestMs ? ring : wait,
      Math.max(0, Math.min(Math.ceil(left), longestMs)),
    );
  };
  if (ms !== null) wait();
  return { [Symbol.dispose]: () => clock.clearTimeout(timer) };
}

/** Resolves `ms` from now, however long that is, or as soon as `signal` aborts. */
export async function pause(ms: number, signal: AbortSignal, clock: Timers = globalThis): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const onAbort = (): void => resolve();
  using _over = alarm(ms, resolve, clock);
  signal.addEventListener("abort", onAbort);
  await promise;
  signal.removeEventListener("abort", onAbort);
}
