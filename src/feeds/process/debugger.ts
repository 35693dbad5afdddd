/** The runtime's debugger, which opens whenever a process of Deno gets SIGUSR1. */

/** The debugger opens within this many turns of the event loop, even of a busy one. */
const TURNS = 50;

/**
 * Closes the debugger whenever it opens. From half a second after the start the runtime answers SIGUSR1 with it, on
 * 127.0.0.1:9229, where every user of the machine can run code in this process; a listener does not prevent
 * that. Nothing opens where another program has that port, and this process cannot find out. `onClosed` is called once
 * the debugger cannot be open any more.
 */
export function keepDebuggerClosed(onClosed: () => void): void {
  if (Deno.build.os === "windows") return;
  // deno-lint-ignore no-process-global -- an import would take time while the debugger is open.
  const { _debugEnd } = process as unknown as { readonly _debugEnd?: () => void };
  let turns = 0;
  const close = (): void => {
    _debugEnd?.();
    if (--turns > 0) setTimeout(close);
    else onClosed();
  };
  Deno.addSignalListener("SIGUSR1", () => {
    const isClosing = turns > 0;
    turns = TURNS;
    if (!isClosing) close();
  });
}
