/** `penstock exchange`: the built-in exchange alone, for other clients. */
import type { Started } from "../config/command.ts";
import { isoTime } from "../domain/numbers/time.ts";
import { alarm } from "../feeds/live/alarm.ts";
import { exchangeEventText, openExchange } from "../simulator/configured.ts";
import { EventLines } from "../views/terminal/event_lines.ts";
import { openLog } from "../views/terminal/log.ts";
import { LiveTerminal, logLook, ReaderGone } from "../views/terminal/terminal.ts";

/** How long to wait for a reader of the events once the user has stopped the exchange, ms. */
const GRACE_MS = 700;

/** Serves until the user or `--for` ends it. With `--json` its events are on standard output. */
export async function exchange({ config, signal }: Started): Promise<void> {
  const ending = new AbortController();
  const terminal = new LiveTerminal(Deno.stderr);
  const look = logLook(Deno.stderr);
  const log = openLog({ level: config.logLevel, format: config.logFormat, ...look }, terminal);
  const lines = new EventLines(Deno.stdout, () => ending.abort());
  {
    await using _exchange = await openExchange(config, config.port, (event) => {
      const { type, ...fields } = event;
      if (config.json) lines.add({ type, time: now(), ...fields });
      lines.flush();
      log.info(exchangeEventText(event));
    }, signal).catch((error) => {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      throw new Deno.errors.AddrInUse(
        `--port ${config.port} is taken on 127.0.0.1: expected a free one, or 0 to take any`,
      );
    });
    using _over = alarm(config.for, () => ending.abort());
    await aborted(AbortSignal.any([signal, ending.signal]));
  }
  await terminal.settled(signal);
  await lines.settled(signal, GRACE_MS);
  // If the reader is gone, as with `head`, the exchange ends without an error.
  if (lines.broken !== null && !(lines.broken instanceof ReaderGone)) throw lines.broken;
}

function now(): string {
  return isoTime(Date.now() * 1000);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
