/** Checks hosts step by step, so that the first step that fails is named. */
import { hostOf } from "../../exchanges/hosts.ts";
import { type CheckResult, fail, pass } from "../../domain/process/check_result.ts";
import type { Exchange } from "../../exchanges/exchange.ts";
import { FrameBatch } from "../../formats/frame_batch.ts";
import { explain, NetPermissionError } from "../live/connect_failure.ts";
import { TradeSocket } from "../live/trade_socket.ts";

/** How long each step may take. Times in ms. */
export interface CheckupOptions {
  readonly exchange: Exchange;
  readonly symbol: string;
  /** For each of connecting, TLS and an answer. Default 5 s. */
  readonly stepMs?: number;
  /** The longest that the first trade may take. */
  readonly tradeMs: number;
  readonly signal: AbortSignal;
}

const STEP_MS = 5_000;
/** If the clock is off by more, the lag that is shown means nothing. */
const WORST_OFFSET_MS = 1_000;
const LARGEST_ANSWER_BYTES = 4_096;

/** Examines the stream at `endpoint`: name and TCP, TLS, the WebSocket and its first trade. */
export async function examineStream(endpoint: string, options: CheckupOptions): Promise<CheckResult[]> {
  const host = hostOf(endpoint);
  const found = await examineConnection(endpoint, options);
  const { exchange, symbol, signal, tradeMs, stepMs = STEP_MS } = options;
  const url = exchange.streamUrl(endpoint, symbol);
  const startedAt = performance.now();
  let socket: TradeSocket;
  try {
    const greeting = exchange.subscriptions(symbol);
    socket = await TradeSocket.open(url, { handshakeMs: stepMs, staleMs: tradeMs, greeting }, signal);
  } catch (error) {
    return await failed(found, host, "WebSocket", error, url, options);
  }
  found.push(pass(host, "WebSocket", `open after ${since(startedAt)}`));
  const stop = (): void => socket.abandon("stopped");
  signal.addEventListener("abort", stop);
  try {
    found.push(await firstTrade(socket, host, new FrameBatch(exchange.decoder(symbol)), startedAt));
  } finally {
    signal.removeEventListener("abort", stop);
    socket.abandon("done");
  }
  return withoutProxy(found, host);
}

/** Examines the REST side at `base`: name and TCP, TLS, an answer, and the clock against the server's. */
export async function examineRest(base: string, options: CheckupOptions): Promise<CheckResult[]> {
  const host = hostOf(base);
  const found = await examineConnection(base, options);
  const { exchange, signal, stepMs = STEP_MS } = options;
  const url = base + exchange.timePath;
  const sent = Date.now();
  const startedAt = performance.now();
  try {
    const response = await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(stepMs)]),
    });
    const text = await startOfText(response);
    const tookMs = performance.now() - startedAt;
    const isGood = response.status === 200;
    const answer = `HTTP ${response.status} after ${shownMs(tookMs)}`;
    if (!isGood) {
      const advice = "See the exchange's status page, or choose another --rest-endpoint";
      return withoutProxy([...found, fail(host, "HTTP", answer, advice)], host);
    }
    const clock = clockResult(serverTimeIn(text, exchange), sent + tookMs / 2, tookMs / 2);
    return withoutProxy([...found, pass(host, "HTTP", answer), clock], host);
  } catch (error) {
    return await failed(found, host, "HTTP", error, base, options);
  }
}

/**
 * Whether the name resolves and the port answers, and for `wss:` and `https:` whether the TLS handshake
 * succeeds.
 */
async function examineConnection(
  address: string,
  { stepMs = STEP_MS }: CheckupOptions,
): Promise<CheckResult[]> {
  const host = hostOf(address);
  const { hostname, protocol } = new URL(address);
  const port = Number(host.slice(host.lastIndexOf(":") + 1));
  const found: CheckResult[] = [];
  let startedAt = performance.now();
  let conn: Deno.Conn | null = null;
  try {
    const tcp = await Deno.connect({ hostname, port, signal: AbortSignal.timeout(stepMs) });
    conn = tcp;
    found.push(pass(host, "DNS, TCP", `connected after ${since(startedAt)}`));
    if (protocol !== "wss:" && protocol !== "https:") return found;
    startedAt = performance.now();
    const tls = await Deno.startTls(tcp, { hostname });
    conn = tls;
    await withDeadline(tls.handshake(), stepMs);
    found.push(pass(host, "TLS", `the certificate is valid, after ${since(startedAt)}`));
  } catch (error) {
    found.push(connectionFailure(host, found.length === 0 ? "DNS, TCP" : "TLS", error));
  } finally {
    try {
      conn?.close();
    } catch {
      // The handshake failed and took the connection with it.
    }
  }
  return found;
}

function connectionFailure(host: string, step: string, error: unknown): CheckResult {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Deno.errors.NotCapable) {
    return fail(host, step, "not permitted", new NetPermissionError(host).message);
  }
  if (step === "TLS") {
    return fail(
      host,
      step,
      `no TLS: ${message}`,
      "If your network signs the traffic itself, set DENO_CERT=FILE or DENO_TLS_CA_STORE=system",
    );
  }
  if (/lookup|resolve|name or service|nodename/i.test(message)) {
    return fail(host, step, "the name cannot be resolved (DNS)", "Check that the machine has a name server");
  }
  return fail(
    host,
    step,
    `nothing answers: ${message}`,
    "Check that the network and its firewall let it through",
  );
}

/** Reads up to the first trade, or to the end of the connection. */
async function firstTrade(
  socket: TradeSocket,
  host: string,
  batch: FrameBatch,
  startedAt: number,
): Promise<CheckResult> {
  const step = "first trade";
  const { symbol } = batch;
  for (;;) {
    const messages = await socket.read();
    if (messages === null) {
      const reason = socket.end ?? "the connection ended";
      return fail(host, step, `none: ${reason}`, `Check that ${symbol} is a symbol of this exchange`);
    }
    const reader = batch.open(messages);
    for (let read = reader.next(); read !== null; read = reader.next()) {
      if (read === "trade") return pass(host, step, `${symbol} after ${since(startedAt)}`);
    }
  }
}

/**
 * Compares this clock with `serverTime`, which the server read at about `at` by this clock, give or take
 * `uncertaintyMs`.
 */
function clockResult(serverTime: number | null, at: number, uncertaintyMs: number): CheckResult {
  if (serverTime === null) {
    return fail("clock", "", "the exchange did not say its time", "Ask again later, or choose another host");
  }
  const offsetMs = at - serverTime;
  const side = offsetMs < 0 ? "behind" : "ahead of";
  const found = `${shownMs(Math.abs(offsetMs))} ${side} the exchange's, give or take ${
    shownMs(uncertaintyMs)
  }`;
  return Math.abs(offsetMs) <= WORST_OFFSET_MS + uncertaintyMs
    ? pass("clock", "", found)
    : fail("clock", "", found, "Set the clock, preferably by NTP: lag and heartbeats are measured with it");
}

function serverTimeIn(text: string, exchange: Exchange): number | null {
  try {
    return exchange.timeIn(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Adds what failed last to what was found, unless that would only repeat that there is no connection. */
async function failed(
  found: readonly CheckResult[],
  host: string,
  step: string,
  error: unknown,
  url: string,
  { exchange, signal }: CheckupOptions,
): Promise<CheckResult[]> {
  if (found.some(({ isGood }) => !isGood)) return [...found];
  try {
    const { reason, hint } = await explain(error, url, exchange, signal);
    return [
      ...found,
      fail(host, step, reason, hint ?? "Check that the network and its firewall let it through"),
    ];
  } catch (denied) {
    if (!(denied instanceof NetPermissionError)) throw denied;
    return [...found, fail(host, step, "not permitted", denied.message)];
  }
}

/**
 * A host that answers although its port cannot be reached was queried through a proxy, which no permission governs.
 */
function withoutProxy(found: readonly CheckResult[], host: string): CheckResult[] {
  const direct = found.find(({ step }) => step === "DNS, TCP");
  const answered = found.some(({ step, isGood }) => isGood && (step === "HTTP" || step === "WebSocket"));
  if (direct?.isGood !== false || !answered) return [...found];
  return [
    ...found,
    fail(
      host,
      "proxy",
      "it answers through a proxy of the environment, which no list of permitted hosts governs",
      "Unset HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, or set NO_PROXY=*",
    ),
  ];
}

/** The start of an answer's text; the rest is not read. */
async function startOfText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  let text = "";
  const decoder = new TextDecoder();
  while (reader !== undefined) {
    const { value, done } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
    if (text.length < LARGEST_ANSWER_BYTES) continue;
    await reader.cancel();
    break;
  }
  return text;
}

async function withDeadline(promise: Promise<unknown>, ms: number): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${ms} ms`)), ms);
  try {
    await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
    // The promise may still fail after this, when nothing waits for it any more.
    promise.catch(() => {});
  }
}

function since(startedAt: number): string {
  return shownMs(performance.now() - startedAt);
}

function shownMs(ms: number): string {
  return `${Math.round(ms)} ms`;
}
