/** A user's terminal and keyboard: what a view needs in addition to writing. */
import type { ScreenSize } from "./styled_rows.ts";
import { canRedraw } from "./terminal.ts";

/** What a user does to the terminal itself: changes its size, or pauses the program and lets it continue. */
export type TerminalSignal = "SIGWINCH" | "SIGTSTP" | "SIGCONT";

/** A terminal that a user looks at and types on. */
export interface TerminalDevice {
  /** Its size now. */
  size(): ScreenSize;
  /** Makes keys arrive one by one, without echo, or line by line as usual. Ctrl-C stays a signal. */
  takeKeys(isTaken: boolean): void;
  /** The next keys; null once there will be no more. */
  read(): Promise<string | null>;
  /** Calls `listener` at a signal; null restores the system's default. */
  listen(signal: TerminalSignal, listener: (() => void) | null): void;
}

type Stream = { readonly isTerminal: () => boolean };

/**
 * The terminal of this process; null unless its input, its output and its log are all on a terminal that can redraw.
 */
export function ownDevice(
  stdin: typeof Deno.stdin,
  stdout: Stream,
  stderr: Stream,
): TerminalDevice | null {
  // A program at the other end of a pipe, such as a pager, may read the keys itself.
  if (!stdin.isTerminal() || !stdout.isTerminal() || !canRedraw(stderr)) return null;
  const listeners = new Map<TerminalSignal, () => void>();
  const buffer = new Uint8Array(1024);
  const decoder = new TextDecoder();
  return {
    size: () => Deno.consoleSize(),
    takeKeys: (isTaken) => {
      try {
        stdin.setRaw(isTaken, { cbreak: true });
      } catch {
        // The terminal is gone, and its mode with it.
      }
    },
    read: async () => {
      try {
        const count = await stdin.read(buffer);
        return count === null ? null : decoder.decode(buffer.subarray(0, count), { stream: true });
      } catch {
        // The same: a closed terminal has no keys.
        return null;
      }
    },
    listen: (signal, listener) => {
      if (Deno.build.os === "windows") return;
      const before = listeners.get(signal);
      if (before !== undefined) Deno.removeSignalListener(signal, before);
      if (listener === null) listeners.delete(signal);
      else {
        Deno.addSignalListener(signal, listener);
        listeners.set(signal, listener);
      }
    },
  };
}
