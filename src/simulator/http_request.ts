/** Requests to the built-in exchange, and its answers. */
import { HeadBytes, type HttpHead, REASONS, Refused } from "../domain/process/http_head.ts";

/** The head of a request, and what has already arrived after it. */
export interface HttpRequest extends Pick<HttpHead, "url" | "headers"> {
  /** The bytes after the head: the first of the upgraded protocol. */
  readonly rest: Uint8Array<ArrayBuffer>;
}

const LONGEST_HEAD = 16 * 1024;

/**
 * Reads one request head. Only GET is understood: this exchange has nothing to change.
 *
 * @returns null when the connection ended before a request started
 * @throws {Refused} 400, 405, 431 or 505 when the head cannot be accepted
 */
export async function readRequest(conn: Deno.Conn): Promise<HttpRequest | null> {
  const bytes = new HeadBytes(LONGEST_HEAD);
  for (;;) {
    const read = await conn.read(bytes.room);
    if (read === null && bytes.isEmpty) return null;
    const head = bytes.take(read);
    if (head === null) continue;
    const { method, url, version, headers } = head;
    if (version !== "1.1") throw new Refused(505, "Only HTTP/1.1 is understood");
    if (method !== "GET") throw new Refused(405, "Only GET is understood", { Allow: "GET" });
    return { url, headers, rest: bytes.rest };
  }
}

/** A whole answer; the connection is closed after it. */
export function formatResponse(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Uint8Array {
  const bytes = new TextEncoder().encode(body);
  const type = body.startsWith("{") || body.startsWith("[") ? "application/json;charset=UTF-8" : "text/plain";
  const lines = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}`,
    `Content-Type: ${type}`,
    `Content-Length: ${bytes.length}`,
    "Connection: close",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  const head = new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n");
  const response = new Uint8Array(head.length + bytes.length);
  response.set(head);
  response.set(bytes, head.length);
  return response;
}
