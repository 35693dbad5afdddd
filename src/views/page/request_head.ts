/** The head of a request for the live page, read from a connection. */
import { HeadBytes, type HttpHead, Refused } from "../../domain/process/http_head.ts";

/** The longest head, bytes. A browser's has a few hundred. */
const LONGEST = 8 * 1024;

/**
 * Reads one head; null if the connection ended before the first byte. Throws a Refused for a head that is too long,
 * malformed or ambiguous.
 */
export async function readHead(conn: Deno.Conn): Promise<HttpHead | null> {
  const bytes = new HeadBytes(LONGEST);
  for (;;) {
    const read = await conn.read(bytes.room);
    if (read === null && bytes.isEmpty) return null;
    const head = bytes.take(read);
    if (head === null) continue;
    if (!head.version.startsWith("1.")) throw new Refused(400, "The request line cannot be read");
    // Such a path would be read as the address of another host.
    if (head.url.pathname.startsWith("//")) {
      throw new Refused(400, "The address of the request cannot be read");
    }
    return head;
  }
}
