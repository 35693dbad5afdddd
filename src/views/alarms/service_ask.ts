/**
 * Sends one HTTP request to a service, within a time limit. It follows no redirect, and none of its errors contains the
 * token.
 */
import { alarmAdvice } from "../../domain/process/permission_advice.ts";
import type { ServiceAnswer, ServiceRequest } from "./channel.ts";

/** No answer: what happened, without an address. */
export interface Unanswered {
  readonly why: string;
  /** Whether another try is useless until the user changes something. */
  readonly isDenied: boolean;
}

/** The longest that a request may take, to the end of its answer, ms. */
export const ASK_MS = 15_000;
/** The most bytes of an answer that are read. */
const MOST_BYTES = 64 * 1024;

/**
 * Sends the request and waits up to `ms` for the whole answer. An abort of `signal` ends the wait: without an answer,
 * or without its body if the status has arrived.
 */
export async function ask(
  { method, url, headers, body }: ServiceRequest,
  signal: AbortSignal,
  ms: number = ASK_MS,
): Promise<ServiceAnswer | Unanswered> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ms);
  try {
    const response = await fetch(url, {
      method,
      headers,
      body,
      redirect: "manual",
      signal: AbortSignal.any([signal, late.signal]),
    });
    return { status: response.status, headers: response.headers, json: await jsonOf(response) };
  } catch (error) {
    if (signal.aborted) return unanswered("stopped");
    if (late.signal.aborted) return unanswered(`no answer within ${ms / 1000} s`);
    if (error instanceof Deno.errors.NotCapable) {
      const { host } = new URL(url);
      const port = url.startsWith("https:") ? ":443" : ":80";
      const net = /:\d+$/.test(host) ? host : `${host}${port}`;
      return {
        why: `no permission to reach it: ${alarmAdvice(net, Deno.build.standalone)}`,
        isDenied: true,
      };
    }
    return unanswered(reasonOf(error));
  } finally {
    clearTimeout(timer);
  }
}

function unanswered(why: string): Unanswered {
  return { why, isDenied: false };
}

/** What a failed request means. The runtime's own message contains the whole address, and so perhaps the token. */
function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  const message = `${error instanceof Error ? error.message : ""} ${
    cause instanceof Error ? cause.message : ""
  }`;
  if (/dns error|lookup/i.test(message)) return "its name cannot be resolved (DNS)";
  if (/tcp connect error|refused|unreachable/i.test(message)) return "nothing answers there";
  if (/certificate|tls|handshake|corrupt message/i.test(message)) return "TLS with it failed";
  return "the connection broke before the answer";
}

/** The body as JSON; undefined if it is not JSON, is cut off, or is too long. */
async function jsonOf({ body }: Response): Promise<unknown> {
  if (body === null) return undefined;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return JSON.parse(text + decoder.decode());
      bytes += value.length;
      if (bytes > MOST_BYTES) {
        await reader.cancel();
        return undefined;
      }
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // The status is enough: an incomplete body adds nothing to it.
    return undefined;
  }
}
