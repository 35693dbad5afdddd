/** Why a connection could not be made, in words that a person can act on. */
import { hostOf } from "../domain/exchange_hosts.ts";
import { refusalHint } from "./binance.ts";

/** One failed try to connect. */
export interface ConnectFailure {
  /** What happened, with the address. */
  readonly reason: string;
  /** What the person can do, or null. */
  readonly hint: string | null;
  /** HTTP status of a refused handshake, or null. */
  readonly status: number | null;
  /** How long the exchange asked to stay away, ms; 0 where it did not say. */
  readonly retryAfterMs: number;
}

/** The program may not reach the host: no use trying again. */
export class NetPermissionError extends Error {
  override readonly name = "NetPermissionError";

  constructor(host: string) {
    const advice = Deno.build.standalone
      // The permissions of a compiled program are fixed: no flag changes them.
      ? "this program was built for other hosts; --exchange chooses among them"
      : `run with --allow-net=${host}`;
    super(`No permission to reach ${host}: ${advice}`);
  }
}

const PROBE_TIMEOUT_MS = 3_000;

/**
 * Explains the error of a failed handshake with `url`. Throws a NetPermissionError where permission is missing.
 * A refused handshake is asked about once more over HTTP, because the WebSocket hides the refusal's headers;
 * `signal` ends that question.
 */
export async function explain(error: unknown, url: string, signal: AbortSignal): Promise<ConnectFailure> {
  const host = hostOf(url);
  if (error instanceof Deno.errors.NotCapable) throw new NetPermissionError(host);
  const detail = (error instanceof Error ? error.message : String(error))
    .replace(/^failed to connect to WebSocket: /, "");
  const failure = { status: null, retryAfterMs: 0, hint: null };
  const [, refused] = /^Invalid status code: (\d{3})/.exec(detail) ?? [];
  if (refused !== undefined) {
    const status = Number(refused);
    const hint = refusalHint(status, url);
    return {
      reason: `${host} refused the connection: HTTP ${status}`,
      hint,
      status,
      retryAfterMs: await retryAfter(url, signal),
    };
  }
  if (/dns error/.test(detail)) {
    return {
      ...failure,
      reason: `the name ${new URL(url).hostname} cannot be resolved (DNS)`,
      hint: noNetwork(),
    };
  }
  if (/tcp connect error/.test(detail)) {
    return { ...failure, reason: `nothing answers at ${host} (refused or unreachable)`, hint: noNetwork() };
  }
  if (/certificate|corrupt message|tls|handshake failure|alert/i.test(detail)) {
    return {
      ...failure,
      reason: `TLS with ${host} failed: ${detail}`,
      hint:
        "Where a proxy of yours signs the traffic, DENO_TLS_CA_STORE=system or DENO_CERT=FILE makes it trusted.",
    };
  }
  return { ...failure, reason: `no connection to ${host}: ${detail}`, hint: null };
}

function noNetwork(): string {
  return `Without a network, "penstock demo" runs against the built-in exchange.`;
}

/** How long the exchange asks to stay away, ms; 0 where it does not say or does not answer. */
async function retryAfter(url: string, signal: AbortSignal): Promise<number> {
  try {
    const response = await fetch(url.replace(/^ws/, "http"), {
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    return retryAfterMs(response.headers.get("retry-after"), Date.now());
  } catch {
    // The refusal itself is known and told; only its detail could not be had.
    return 0;
  }
}

/** A Retry-After header (seconds or an HTTP date, RFC 9110 section 10.2.3) as ms from `now`; 0 for none. */
export function retryAfterMs(header: string | null, now: number): number {
  if (header === null) return 0;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
