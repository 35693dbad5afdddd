/** The signals by which a user, a task runner or a supervisor asks the program to end. */
import type { Blocking } from "../../domain/process/exit.ts";

/** Signals that arrive within this time of the first are the same request, sent by several senders. */
const SAME_REQUEST_MS = 500;
const TURNS = 5;

/** How a command is asked to end. */
export interface EndSignals {
  /** Aborted when the program is asked to end. */
  readonly signal: AbortSignal;
  readonly blocking: Blocking;
}

/**
 * Aborts `asked` when the program is asked to end. If it is asked again more than half a second later, the process ends
 * at once with the exit code `interrupted`; a terminal and a task runner may each send the same signal. Closing the
 * terminal asks it to end too. If no stream is a terminal, as under `nohup`, a hang-up is ignored. That takes a
 * listener: the runtime does not keep ignoring a signal that the process was started to ignore.
 */
export function endSignals(asked: AbortController, interrupted: number): EndSignals {
  let isFinal = false;
  const stop = (): void => {
    if (isFinal) Deno.exit(interrupted);
    if (asked.signal.aborted) return;
    asked.abort();
    let turns = 0;
    // Counted in turns of the event loop, because a signal may have to wait for one.
    const timer = setInterval(() => {
      if (++turns < TURNS) return;
      isFinal = true;
      clearInterval(timer);
    }, SAME_REQUEST_MS / TURNS);
  };
  const isWindows = Deno.build.os === "windows";
  const names: readonly Deno.Signal[] = isWindows ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  const listen = () => names.forEach((name) => Deno.addSignalListener(name, stop));
  listen();
  const onTerminal = [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
  if (!isWindows) Deno.addSignalListener("SIGHUP", onTerminal ? stop : () => {});
  const blocking: Blocking = async (work) => {
    // Without a listener the system's default applies, which needs no turn of the event loop.
    for (const name of names) Deno.removeSignalListener(name, stop);
    try {
      return await work();
    } finally {
      listen();
    }
  };
  return { signal: asked.signal, blocking };
}
