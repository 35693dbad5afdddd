/** `penstock exchange`: the built-in exchange alone, for other clients. */
import type { Started } from "../domain/command.ts";
import { isoTime } from "../domain/time.ts";
import { exchangeEventText, openExchange } from "../feeds/exchange/configured.ts";
import { openLog } from "../views/log.ts";
import { LiveTerminal, printableJson, writeText } from "../views/terminal.ts";

/** Serves until the person or `--for` ends it. With `--json` its events are on standard output. */
export async function exchange({ config, signal }: Started): Promise<void> {
  const log = openLog(
    {
      level: config.logLevel,
      format: config.logFormat,
      colours: Deno.stderr.isTerminal() && !Deno.noColor,
    },
    new LiveTerminal(Deno.stderr),
  );
  await using _exchange = await openExchange(config, config.port, (event) => {
    const { type, ...fields } = event;
    if (config.json) writeText(Deno.stdout, `${printableJson({ type, time: now(), ...fields })}\n`);
    log.info(exchangeEventText(event));
  }).catch((error) => {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Deno.errors.AddrInUse(
      `--port ${config.port} is taken on 127.0.0.1: expected a free one, or 0 to take any`,
    );
  });
  await ended(signal, config.for);
}

function now(): string {
  return isoTime(Date.now() * 1000);
}

/** Resolves when `signal` is aborted or after `ms`, if any. */
async function ended(signal: AbortSignal, ms: number | null): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = ms === null ? undefined : setTimeout(resolve, ms);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
