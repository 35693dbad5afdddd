/** Why a connection could not be made, in words that a user can act on. */
import type { Exchange } from "../../exchanges/exchange.ts";
import { hostOf } from "../../exchanges/hosts.ts";
import { alarm } from "./alarm.ts";
import type { Runtime } from "./runtime.ts";
import { grantAdvice } from "../../domain/process/permission_advice.ts";

/** One failed try to connect. */
export interface ConnectFailure {
  /** What happened, with the address. */
  readonly reason: string;
  /** What the user can do, or null. */
  readonly hint: string | null;
  /** HTTP status of a refused handshake, or null. */
  readonly status: number | null;
  /** How long the exchange asked the program to wait, ms; 0 if it did not. */
  readonly retryAfterMs: number;
}

/** The program has no permission to reach the host, so trying again is useless. */
export class NetPermissionError extends Error {
  override readonly name = "NetPermissionError";
  readonly exit = "usage";

  constructor(host: string) {
    super(`No permission to reach ${host}: ${grantAdvice({ net: host }, Deno.build.standalone)}`);
  }
}

/** The hint for a failure that may mean that there is no network at all. */
export const NO_NETWORK = Deno.build.standalone
  ? `Without a network, "deno task demo" in Penstock's sources runs against the built-in exchange.`
  : `Without a network, "penstock demo" runs against the built-in exchange.`;

const PROBE_TIMEOUT_MS = 3_000;
/** The longest ban known from any exchange. A longer one would keep a run from ever connecting again. */
const LONGEST_BAN_MS = 3 * 86_400_000;
/** With TLS the runtime tries HTTP/2 after a refusal over HTTP/1.1, and then reports only that result. */
const HIDDEN_REFUSAL = /didn't receive h2 alpn/i;

/**
 * Explains the error of a failed handshake with `url`. Throws a NetPermissionError if permission is missing. After a
 * refused handshake, it sends an HTTP request, because the WebSocket hides the refusal's headers; `signal` ends that
 * request. `exchange` explains the refusal.
 */
export async function explain(
  error: unknown,
  url: string,
  exchange: Exchange,
  signal: AbortSignal,
  runtime: Runtime = globalThis,
): Promise<ConnectFailure> {
  const host = hostOf(url);
  if (error instanceof Deno.errors.NotCapable) throw new NetPermissionError(host);
  const detail = (error instanceof Error ? error.message : String(error))
    .replace(/^failed to connect to WebSocket: /, "");
  const failure = { status: null, retryAfterMs: 0, hint: null };
  const [, refused] = /^Invalid status code: (\d{3})/.exec(detail) ?? [];
  if (refused !== undefined) {
    const asked = await askOverHttp(url, signal, runtime);
    return refusal(Number(refused), url, exchange, asked?.retryAfterMs ?? 0);
  }
  if (HIDDEN_REFUSAL.test(detail)) {
    const asked = await askOverHttp(url, signal, runtime);
    if (asked !== null && !isUsual(asked.status)) {
      return refusal(asked.status, url, exchange, asked.retryAfterMs);
    }
    return { ...failure, reason: `${host} refused the connection, and does not say why` };
  }
  if (/dns error/.test(detail)) {
    return {
      ...failure,
      reason: `the name ${new URL(url).hostname} cannot be resolved (DNS)`,
      hint: NO_NETWORK,
    };
  }
  if (/tcp connect error/.test(detail)) {
    return { ...failure, reason: `nothing answers at ${host} (refused or unreachable)`, hint: NO_NETWORK };
  }
  if (/certificate|corrupt message|tls|handshake failure|alert/i.test(detail)) {
    return {
      ...failure,
      reason: `TLS with ${host} failed: ${detail}`,
      hint:
        "If your own proxy signs the traffic, DENO_TLS_CA_STORE=system or DENO_CERT=FILE makes Penstock trust it.",
    };
  }
  return { ...failure, reason: `no connection to ${host}: ${detail}`, hint: null };
}

function refusal(status: number, url: string, exchange: Exchange, retryAfterMs: number): ConnectFailure {
  const reason = `${hostOf(url)} refused the connection: HTTP ${status}`;
  return { reason, hint: exchange.refusal(status, url).hint, status, retryAfterMs };
}

/** The normal answer of a WebSocket address to a request that is not a handshake. */
function isUsual(status: number): boolean {
  return status < 300 || status === 400 || status === 404 || status === 426;
}

/** The status of a plain request, and how long the exchange asks the program to wait; null without an answer. */
async function askOverHttp(
  url: string,
  signal: AbortSignal,
  runtime: Runtime,
): Promise<{ readonly status: number; readonly retryAfterMs: number } | null> {
  const late = new AbortController();
  using _patience = alarm(PROBE_TIMEOUT_MS, () => late.abort(), runtime);
  try {
    const response = await runtime.fetch(url.replace(/^ws/, "http"), {
      redirect: "manual",
      signal: AbortSignal.any([signal, late.signal]),
    });
    await response.body?.cancel();
    const { status, headers } = response;
    return { status, retryAfterMs: retryAfterMs(headers.get("retry-after"), runtime.Date.now()) };
  } catch {
    // The refusal is known and reported; only its details are missing.
    return null;
  }
}

/**
 * A Retry-After header (seconds or an HTTP date, RFC 9110 section 10.2.3) as ms from `now`; 0 for none, and never more
 * than the longest known ban.
 */
export function retryAfterMs(header: string | null, now: number): number {
  if (header === null) return 0;
  const asked = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(asked) ? 0 : Math.min(Math.max(0, asked), LONGEST_BAN_MS);
}
