/** What live feeds use of the runtime. */
import type { Clock } from "../../domain/process/clock.ts";

/** Time, chance and the network; `globalThis` is one, and a simulation brings its own. */
export type Runtime =
  & Clock
  & { readonly Math: Pick<Math, "random"> }
  & Pick<typeof globalThis, "WebSocketStream" | "fetch" | "setImmediate">;
