/** The parts of the runtime that live feeds use. */
import type { Clock } from "../../domain/process/clock.ts";

/** Time, randomness and the network. `globalThis` is one, and a simulation has its own. */
export type Runtime =
  & Clock
  & { readonly Math: Pick<Math, "random"> }
  & Pick<typeof globalThis, "WebSocketStream" | "fetch" | "setImmediate">;
