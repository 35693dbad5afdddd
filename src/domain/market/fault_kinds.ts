/** What can go wrong with the built-in exchange, for its `--faults` and for help. */

/** Every kind of fault: its syntax, and what it does after trade N. */
export const FAULT_KINDS = {
  "drop": ["drop@N", "end the connections without a closing handshake"],
  "close": ["close@N", "close the connections with code 1001"],
  "stall": ["stall@N", "keep the connections open and answer pings, but send no more data"],
  "half-open": ["half-open@N", "neither read nor write the connections, and close them after 15 minutes"],
  "no-close": ["no-close@N", "stall, and never answer a closing handshake"],
  "duplicate": ["duplicate=COUNT@N", "send the last COUNT trades again"],
  "hole": ["hole=COUNT@N", "never send the next COUNT trades, which REST still has"],
  "malformed": ["malformed@N", "send a handful of malformed and foreign frames"],
  "reorder": ["reorder@N", "send the next two trades in the wrong order"],
  "slow": ["slow=MS@N", "send the data this many milliseconds late, once"],
  "refuse": [
    "refuse=STATUS:SECONDS[:COUNT]@N",
    "end the connections, and answer the next COUNT attempts (1) with this status and Retry-After",
  ],
  "shutdown": ["shutdown@N", "send a serverShutdown notice, then close the connections"],
  "random": ["random[=N]", "a random fault about every N trades (1000), for ever"],
} as const satisfies Readonly<Record<string, readonly [form: string, meaning: string]>>;

/** A kind of fault. */
export type FaultKind = keyof typeof FAULT_KINDS;
