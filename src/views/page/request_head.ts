/** The head of an HTTP request, read from a connection within limits. */

/** The parts of a request that a page's server looks at. */
export interface RequestHead {
  readonly method: string;
  readonly url: URL;
  /** By lower-case name; repeated headers are joined with commas. */
  readonly headers: ReadonlyMap<string, string>;
}

/** A request that is refused. */
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

/** The longest head, bytes: a browser's own has a few hundred. */
const LONGEST = 8 * 1024;
const LINE_END = [13, 10, 13, 10];
/** A token of RFC 9110, and what may follow the colon: nothing but visible characters, spaces and tabs. */
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e]*?)[ \t]*$/;
const TARGET = /^([A-Z]{1,20}) (\/[\x21-\x7e]*) HTTP\/1\.([01])$/;
const HOST = /^[0-9A-Za-z.:[\]_-]{1,255}$/;

/**
 * Reads one head; null if the connection ended before the first byte. Throws a Refused for a head that is too long,
 * malformed or ambiguous.
 */
export async function readHead(conn: Deno.Conn): Promise<RequestHead | null> {
  const bytes = new Uint8Array(LONGEST);
  for (let length = 0;;) {
    const read = await conn.read(bytes.subarray(length));
    if (read === null) {
      if (length === 0) return null;
      throw new Refused(400, "The request ended within its head");
    }
    const end = endIn(bytes.subarray(0, length + read), Math.max(0, length - 3));
    length += read;
    if (end >= 0) return parsed(new TextDecoder("latin1").decode(bytes.subarray(0, end)));
    if (length === LONGEST) throw new Refused(431, `The head of the request is longer than ${LONGEST} bytes`);
  }
}

function endIn(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 3 < bytes.length; at++) {
    if (LINE_END.every((byte, offset) => bytes[at + offset] === byte)) return at;
  }
  return -1;
}

function parsed(head: string): RequestHead {
  const [line = "", ...lines] = head.split("\r\n");
  const request = TARGET.exec(line);
  if (request === null) throw new Refused(400, "The request line cannot be read");
  const [, method = "", target = ""] = request;
  const headers = new Map<string, string>();
  for (const text of lines) {
    const header = HEADER.exec(text);
    if (header === null) throw new Refused(400, "A header of the request cannot be read");
    const [, name = "", value = ""] = header;
    const before = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
  }
  if (!HOST.test(headers.get("host") ?? "")) {
    throw new Refused(400, "The Host of the request is missing or malformed");
  }
  // The base is arbitrary: only path and query are used.
  const url = URL.parse(target, "http://page");
  if (url === null || url.host !== "page") {
    throw new Refused(400, "The address of the request cannot be read");
  }
  return { method, url, headers };
}
