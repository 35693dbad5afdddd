/** The runtime's debugger, which opens whenever a process of Deno gets SIGUSR1. */

/** The debugger opens within this many turns of the event loop, even of a busy one. */
const TURNS = 50;
/** Less than the half second after the start in which the runtime opens no debugger. */
const SAFE_MS = 400;

/**
 * Closes the debugger whenever it opens. From half a second after the start the runtime answers SIGUSR1 with it, on
 * 127.0.0.1:9229, where every user of the machine can run code in this process; a listener does not prevent
 * that. Nothing opens where another program has that port, and this process cannot find out. `onClosed` is called once
 * the debugger can no longer be open.
 */
export function keepDebuggerClosed(onClosed: () => void): void {
  if (Deno.build.os === "windows") return;
  let turns = 0;
  const close = (): void => {
    debuggerEnd()?.();
    if (--turns > 0) setTimeout(close);
    else onClosed();
  };
  Deno.addSignalListener("SIGUSR1", () => {
    const isClosing = turns > 0;
    turns = TURNS;
    if (!isClosing) close();
  });
  // The first use takes 15 ms, which is too long while the debugger is open. A command that ends sooner saves this
  // time.
  Deno.unrefTimer(setTimeout(debuggerEnd, SAFE_MS));
}

/** What closes the debugger. */
function debuggerEnd(): (() => void) | undefined {
  // deno-lint-ignore no-process-global -- an import would take time while the debugger is open.
  return (process as unknown as { readonly _debugEnd?: () => void })._debugEnd;
}
