/**
 * The head of an HTTP/1.1 request (RFC 9112), as the servers of the live page and of the built-in exchange read it:
 * within limits, and refused if it is malformed or ambiguous.
 */

/** A request that is answered with an error status; the message is the body. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** The head of a request. */
export interface HttpHead {
  readonly method: string;
  /** Its path and query; the base is arbitrary. */
  readonly url: URL;
  /** Such as `1.1`. */
  readonly version: string;
  /** By lower-case name; repeated headers are joined with commas. */
  readonly headers: ReadonlyMap<string, string>;
}

/** The reasons that go with statuses. */
export const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  418: "I'm a teapot",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  500: "Internal Server Error",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

/** The names of this machine's loopback address. */
export const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

const LINE_END = [13, 10, 13, 10];
/** A token of RFC 9110, and what may follow the colon: nothing but visible characters, spaces and tabs. */
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e]*?)[ \t]*$/;
const REQUEST = /^([A-Z]{1,20}) (\/[\x21-\x7e]*) HTTP\/(\d\.\d)$/;
const HOST = /^[0-9A-Za-z.:[\]_-]{1,255}$/;

/**
 * The bytes of a head as they arrive.
 *
 * @example
 * ```ts
 * import { HeadBytes } from "./http_head.ts";
 * import { assertEquals } from "@std/assert";
 * const bytes = new HeadBytes(1024);
 * const arrived = new TextEncoder().encode("GET /a?b HTTP/1.1\r\nHost: localhost\r\n\r\n");
 * bytes.room.set(arrived);
 * assertEquals(bytes.take(arrived.length)?.url.search, "?b");
 * ```
 */
export class HeadBytes {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  #end = 0;

  /** A head has at most `longest` bytes. */
  constructor(longest: number) {
    this.#bytes = new Uint8Array(longest);
  }

  /** Where the next bytes belong. */
  get room(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#length);
  }

  /** Whether nothing has arrived. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** A copy of what arrived after the head. */
  get rest(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(this.#end, this.#length);
  }

  /**
   * Takes the next `count` bytes, null for the end of the connection. Returns the head once it is whole, and null
   * before. Throws a Refused for a head that is cut off, too long or malformed.
   */
  take(count: number | null): HttpHead | null {
    if (count === null) throw new Refused(400, "The request ended within its head");
    const from = Math.max(0, this.#length - 3);
    this.#length += count;
    for (let at = from; at + 3 < this.#length; at++) {
      if (!LINE_END.every((byte, offset) => this.#bytes[at + offset] === byte)) continue;
      this.#end = at + LINE_END.length;
      return headIn(new TextDecoder("latin1").decode(this.#bytes.subarray(0, at)));
    }
    if (this.#length < this.#bytes.length) return null;
    throw new Refused(431, `The head of the request is longer than ${this.#bytes.length} bytes`);
  }
}

function headIn(text: string): HttpHead {
  const [line = "", ...lines] = text.split("\r\n");
  const [, method, target = "", version = ""] = REQUEST.exec(line) ?? [];
  if (method === undefined) throw new Refused(400, "The request line cannot be read");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ""] = HEADER.exec(line) ?? [];
    if (name === undefined) throw new Refused(400, "A header of the request cannot be read");
    const before = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
  }
  if (!HOST.test(headers.get("host") ?? "")) {
    throw new Refused(400, "The Host of the request is missing or malformed");
  }
  const url = URL.parse(`http://host${target}`);
  if (url === null) throw new Refused(400, "The address of the request cannot be read");
  return { method, url, version, headers };
}

/** The host name of an address in lower case, without a port; null if there is none, as in the origin `null`. */
export function hostnameIn(url: string): string | null {
  return URL.parse(url)?.hostname ?? null;
}
