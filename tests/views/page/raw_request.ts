/** Sends bytes to a server as no browser would, and reads whatever it answers. */

/** What came back until the server closed the connection. */
export interface RawAnswer {
  /** 0 if nothing came. */
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Sends `text` (Latin-1) on its own connection and reads until the server ends it. */
export async function rawRequest(port: number, text: string): Promise<RawAnswer> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const writing = writeAll(conn, Uint8Array.from(text, (character) => character.charCodeAt(0)));
  const answer = await readAll(conn);
  await writing;
  return parsed(answer);
}

/** A GET of `path` with these lines after the Host, as a client of this machine sends it. */
export function get(path: string, ...lines: readonly string[]): string {
  return `${[`GET ${path} HTTP/1.1`, "Host: 127.0.0.1", ...lines].join("\r\n")}\r\n\r\n`;
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at, at + 65_536));
  } catch (error) {
    // The server may refuse before it has read everything.
    if (!isGone(error)) throw error;
  }
}

async function readAll(conn: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder("latin1");
  const bytes = new Uint8Array(65_536);
  let text = "";
  try {
    for (let read = await conn.read(bytes); read !== null; read = await conn.read(bytes)) {
      text += decoder.decode(bytes.subarray(0, read));
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  return text;
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
}

function parsed(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end < 0 ? 0 : end).split("\r\n");
  const headers = new Map(lines.map((line) => {
    const at = line.indexOf(":");
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
  }));
  return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1] ?? 0), headers, body: text.slice(end + 4) };
}
