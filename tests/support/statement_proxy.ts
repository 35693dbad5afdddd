/**
 * A proxy on loopback in front of a PostgreSQL that reads its protocol (version 3, without TLS), and does something to
 * chosen statements: cuts the connection before, while or after the server gets one, or answers with an error itself.
 *
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

/**
 * What happens to a statement: the connection is cut before the server gets it, when it has half of it, or when it has
 * done it and has answered; or the server never gets it, and the client gets an error with this SQLSTATE.
 */
export type StatementFault = "before" | "half" | "after" | { readonly code: string };

/** Which fault a statement has: called with its text and its number, from 0 on, over all connections; null for none. */
export type FaultOf = (text: string, number: number) => StatementFault | null;

const [QUERY, PARSE, BIND, SYNC, FLUSH, PASSWORD, END] = [..."QPBSHpX"].map((letter) => letter.charCodeAt(0));
const READY = "Z".charCodeAt(0);
const ENDS: readonly (number | undefined)[] = [QUERY, SYNC, FLUSH, PASSWORD, END];
/** After each of these, and after the first message, the server says once that it is ready. */
const ANSWERED: readonly (number | undefined)[] = [QUERY, SYNC, 0];

/** A message: its type, and all of its bytes. */
interface Message {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** A proxy to a PostgreSQL of this machine. */
export class StatementProxy implements AsyncDisposable {
  readonly port: number;
  /** The texts of all statements so far. */
  readonly statements: string[] = [];
  readonly #to: number;
  readonly #faultOf: FaultOf;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #tasks = new Set<Promise<void>>();

  constructor(to: number, faultOf: FaultOf) {
    this.#to = to;
    this.#faultOf = faultOf;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#keep(this.#accept());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }

  #keep(task: Promise<void>): void {
    const kept = task.catch(() => {}).finally(() => this.#tasks.delete(kept));
    this.#tasks.add(kept);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) this.#keep(this.#serve(client));
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    this.#open.add(client);
    const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#to });
    this.#open.add(server);
    for (const connection of [client, server]) connection.setNoDelay();
    const cut = (): void => {
      for (const connection of [client, server]) {
        this.#open.delete(connection);
        close(connection);
      }
    };
    let isLast = false;
    /** How many statements the server has not answered yet, and what waits until it has. */
    let unanswered = 0;
    let wake = (): void => {};
    const asked = (async () => {
      const names = new Map<string, string>();
      let part: Message[] = [];
      for await (const message of messages(client, true)) {
        part.push(message);
        const text = textOf(message, names);
        if (!ENDS.includes(message.type) && message.type !== 0) continue;
        const bytes = joined(part);
        const fault = statementIn(part, names) ?? text;
        part = [];
        const what = fault === null ? null : this.#faultOf(fault, this.statements.push(fault) - 1);
        if (what === "before") return;
        if (what === "half") return await writeAll(server, bytes.subarray(0, bytes.length >> 1));
        if (what === "after") isLast = true;
        if (what !== null && typeof what === "object") {
          // The client would take the error for the answer to a statement before.
          while (unanswered > 0) await new Promise<void>((resolve) => wake = resolve);
          await writeAll(client, errorOf(what.code));
          continue;
        }
        if (ANSWERED.includes(message.type)) unanswered++;
        await writeAll(server, bytes);
      }
    })();
    const answered = (async () => {
      try {
        for await (const { type, bytes } of messages(server, false)) {
          if (isLast && type === READY) return;
          if (!isLast) await writeAll(client, bytes);
          if (type === READY && --unanswered === 0) wake();
        }
      } finally {
        unanswered = 0;
        wake();
      }
    })();
    await Promise.race([asked, answered]).catch(() => {});
    cut();
    await Promise.allSettled([asked, answered]);
  }
}

/** The messages that arrive; the first of a client has no type, which then is 0. */
async function* messages(connection: Deno.TcpConn, isClient: boolean): AsyncGenerator<Message> {
  let bytes = new Uint8Array();
  let isFirst = isClient;
  for (const chunk = new Uint8Array(65_536);;) {
    for (;;) {
      const start = isFirst ? 0 : 1;
      if (bytes.length < start + 4) break;
      const length = start + new DataView(bytes.buffer, bytes.byteOffset).getInt32(start);
      if (bytes.length < length) break;
      yield { type: isFirst ? 0 : bytes[0]!, bytes: bytes.slice(0, length) };
      isFirst = false;
      bytes = bytes.slice(length);
    }
    const count = await connection.read(chunk);
    if (count === null) return;
    bytes = joined([{ bytes }, { bytes: chunk.subarray(0, count) }]);
  }
}

/** The text of a plain query; null for other messages. Notes the text of a prepared statement under its name. */
function textOf({ type, bytes }: Message, names: Map<string, string>): string | null {
  if (type === QUERY) return stringAt(bytes, 5);
  if (type === PARSE) {
    const name = stringAt(bytes, 5);
    names.set(name, stringAt(bytes, 5 + name.length + 1));
  }
  return null;
}

/** The text of the statement that these messages execute; null for none. */
function statementIn(part: readonly Message[], names: ReadonlyMap<string, string>): string | null {
  const bind = part.find(({ type }) => type === BIND);
  if (bind === undefined) return null;
  const portal = stringAt(bind.bytes, 5);
  return names.get(stringAt(bind.bytes, 5 + portal.length + 1)) ?? null;
}

/** The text up to the next zero; names and statements here are ASCII. */
function stringAt(bytes: Uint8Array, from: number): string {
  return new TextDecoder().decode(bytes.subarray(from, bytes.indexOf(0, from)));
}

/** An ErrorResponse, and that the server is ready again. */
function errorOf(code: string): Uint8Array {
  const fields = new TextEncoder().encode(`SERROR\0VERROR\0C${code}\0Mmade up by a test\0\0`);
  const error = new Uint8Array(5 + fields.length + 6);
  error[0] = "E".charCodeAt(0);
  new DataView(error.buffer).setInt32(1, 4 + fields.length);
  error.set(fields, 5);
  error.set([READY, 0, 0, 0, 5, "I".charCodeAt(0)], 5 + fields.length);
  return error;
}

function joined(parts: readonly Pick<Message, "bytes">[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let at = 0;
  for (const { bytes } of parts) {
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
