/** The signals by which a user, a task runner or a supervisor asks for the end. */
import type { Blocking } from "../../domain/process/blocking.ts";

/** Signals that arrive within this time of the first are the same request, sent by several senders. */
const SAME_REQUEST_MS = 500;
const TURNS = 5;

/** How a command is asked to end. */
export interface EndSignals {
  /** Aborted when the end is asked for. */
  readonly signal: AbortSignal;
  readonly blocking: Blocking;
}

/**
 * Aborts `asked` when the end is asked for; when it is asked for again later, the process ends at once, with the exit
 * code `interrupted`. A terminal and a task runner may each send the same signal. A closed terminal asks for the end
 * too. Where no stream is a terminal, as under `nohup`, a hang-up means nothing. A listener has to say so: the runtime
 * does not keep to it that the process was started to ignore the signal.
 */
export function endSignals(asked: AbortController, interrupted: number): EndSignals {
  let isFinal = false;
  const stop = (): void => {
    if (isFinal) Deno.exit(interrupted);
    if (asked.signal.aborted) return;
    asked.abort();
    let turns = 0;
    // Counted in turns of the event loop, as a signal may have to wait for one.
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
    // Without a listener the system's own way applies, for which the event loop need not turn.
    for (const name of names) Deno.removeSignalListener(name, stop);
    try {
      return await work();
    } finally {
      listen();
    }
  };
  return { signal: asked.signal, blocking };
}
