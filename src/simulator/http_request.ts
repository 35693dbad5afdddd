/** The head of a request, and what has already arrived after it. */
export interface HttpRequest {
  readonly url: URL;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** The bytes after the head: the first of the upgraded protocol. */
  readonly rest: Uint8Array<ArrayBuffer>;
}

/** A request that is answered with an error status. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

const LONGEST_HEAD = 16 * 1024;

/**
 * Reads one request head. Only GET is understood: this exchange has nothing to change.
 *
 * @returns null when the connection ended before a request started
 * @throws {HttpError} 400, 405, 431 or 505 when the head cannot be accepted
 */
export async function readRequest(conn: Deno.Conn): Promise<HttpRequest | null> {
  const bytes = new Uint8Array(LONGEST_HEAD);
  let length = 0;
  while (true) {
    const read = await conn.read(bytes.subarray(length));
    if (read === null) {
      if (length === 0) return null;
      throw new HttpError(400, "The request ended within its head");
    }
    const from = Math.max(0, length - 3);
    length += read;
    const end = findHeadEnd(bytes.subarray(0, length), from);
    if (end >= 0) return parseHead(bytes.subarray(0, end), bytes.slice(end + 4, length));
    if (length === LONGEST_HEAD) {
      throw new HttpError(431, `The request head is longer than ${LONGEST_HEAD} bytes`);
    }
  }
}

function findHeadEnd(bytes: Uint8Array, from: number): number {
  for (let index = from; index + 3 < bytes.length; index++) {
    if (
      bytes[index] === 13 && bytes[index + 1] === 10 && bytes[index + 2] === 13 && bytes[index + 3] === 10
    ) {
      return index;
    }
  }
  return -1;
}

function parseHead(head: Uint8Array, rest: Uint8Array<ArrayBuffer>): HttpRequest {
  const [requestLine = "", ...lines] = new TextDecoder().decode(head).split("\r\n");
  const request = /^([A-Z]+) (\/\S*) HTTP\/(\d\.\d)$/.exec(requestLine);
  if (request === null) throw new HttpError(400, "The request line cannot be read");
  const [, method, target = "/", version] = request;
  if (version !== "1.1") throw new HttpError(505, "Only HTTP/1.1 is understood");
  if (method !== "GET") throw new HttpError(405, "Only GET is understood", { Allow: "GET" });

  const headers = new Map<string, string>();
  for (const line of lines) {
    const header = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (header === null) throw new HttpError(400, "A header line cannot be read");
    const name = header[1]!.toLowerCase();
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? header[2]! : `${earlier}, ${header[2]}`);
  }
  const host = headers.get("host");
  if (host === undefined || !/^[0-9A-Za-z.:[\]_-]+$/.test(host)) {
    throw new HttpError(400, "The Host header is missing or malformed");
  }
  const url = URL.parse(`http://exchange${target}`);
  if (url === null) throw new HttpError(400, "The request target cannot be read");
  return { url, headers, rest };
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  418: "I'm a teapot",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

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
