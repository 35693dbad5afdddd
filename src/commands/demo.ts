/** `penstock demo`: the run command against the built-in exchange, over a real WebSocket on loopback. */
import { openExchange } from "../simulator/configured.ts";
import type { Command, Started } from "../config/command.ts";

/** Starts the exchange on a free port and passes its address to `run`, which sees no difference. */
export async function demo({ config, ...started }: Started, run: Command): Promise<void> {
  await using exchange = await openExchange(config, 0, () => {}, started.signal);
  const { endpoint, restEndpoint } = exchange;
  await run({ ...started, config: { ...config, endpoint, restEndpoint } });
}
