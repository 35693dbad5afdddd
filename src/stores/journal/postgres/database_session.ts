/** One connection to a PostgreSQL server, which never reconnects by itself. */
import net from "node:net";
import postgres from "postgres";
import { databaseHost, type DatabasePlace } from "../../../domain/run/database_place.ts";
import { DatabaseAway, databaseFailure } from "./database_failure.ts";

/** A row of an answer: each value as PostgreSQL writes it, so that no number becomes a float. */
export type DatabaseRow = Readonly<Record<string, string | null>>;

/** A value of a query. Arrays and bytes are given as PostgreSQL reads them. */
export type DatabaseValue = string | number | boolean | null;

/** What a session needs besides the place. */
export interface SessionOptions {
  /** Null if there is none. */
  readonly password: string | null;
  /** Certificates to trust, in PEM; null for those that Deno trusts. */
  readonly certificates: string | null;
  /** How long an answer may take before the connection counts as lost, ms. */
  readonly patienceMs: number;
  /** Called with the content of each notice that this session listens for. */
  readonly onNotice?: (content: string) => void;
}

/** How long the server has to close a connection that is no longer needed, ms. */
const CLOSING_MS = 500;
const KEEP_ALIVE_S = 10;

/** A connection. After any failure to get an answer it is closed, and accepts nothing more. */
export class DatabaseSession implements AsyncDisposable {
  readonly #place: DatabasePlace;
  readonly #patienceMs: number;
  readonly #socket: net.Socket;
  readonly #sql: postgres.Sql;
  #lost: DatabaseAway | null = null;
  readonly #ended = Promise.withResolvers<DatabaseAway>();
  readonly #waiting = new Set<(lost: DatabaseAway) => void>();

  /** Connects. Throws a DatabaseAway, a DatabaseRefusal, or an error of Deno's. */
  static async open(place: DatabasePlace, options: SessionOptions): Promise<DatabaseSession> {
    const { host, port } = place;
    const socket = new net.Socket();
    // A statement need not wait until the server has acknowledged the one before.
    socket.setNoDelay();
    try {
      await connected(socket, { host, port }, options.patienceMs);
    } catch (error) {
      socket.destroy();
      throw databaseFailure(error, place);
    }
    const session = new DatabaseSession(place, socket, options);
    try {
      // The first statement logs in. It also makes commits wait for the disk, whatever the server's default is.
      await session.query("SET synchronous_commit = on");
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  private constructor(place: DatabasePlace, socket: net.Socket, options: SessionOptions) {
    this.#place = place;
    this.#socket = socket;
    this.#patienceMs = options.patienceMs;
    const lose = () => this.#lose("it closed the connection");
    this.#sql = postgres(clientOptions(place, socket, options, lose) as unknown as string);
  }

  /** Whether it can still be used. */
  get isOpen(): boolean {
    return this.#lost === null;
  }

  /** Resolves once it cannot be used any more. */
  get ended(): Promise<DatabaseAway> {
    return this.#ended.promise;
  }

  /**
   * Returns the rows of a statement. Throws a DatabaseAway if there was no answer, and a DatabaseRefusal if PostgreSQL
   * refused it.
   */
  async query(
    text: string,
    values: readonly DatabaseValue[] = [],
    patienceMs = this.#patienceMs,
  ): Promise<readonly DatabaseRow[]> {
    if (this.#lost !== null) throw this.#lost;
    const { promise: lost, reject } = Promise.withResolvers<never>();
    this.#waiting.add(reject);
    const timer = setTimeout(() => this.#lose(`no answer within ${patienceMs} ms`), patienceMs);
    try {
      return [...await Promise.race([this.#sql.unsafe(text, [...values], { prepare: true }), lost])];
    } catch (error) {
      throw databaseFailure(error, this.#place);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(reject);
    }
  }

  /** Closes the connection at once; pending statements get no answer. */
  destroy(): void {
    this.#lose("the connection was closed");
  }

  /** Closes the session properly if the server still responds. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#lost !== null) return;
    const isClosed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const isLate = new Promise<void>((resolve) => timer = setTimeout(resolve, CLOSING_MS));
    // The callers of pending statements get the rejection.
    this.#sql.end().catch(() => {});
    await Promise.race([isClosed, isLate]);
    clearTimeout(timer);
    this.destroy();
  }

  #lose(what: string): void {
    if (this.#lost !== null) return;
    const lost = this.#lost = new DatabaseAway(`${databaseHost(this.#place)}: ${what}`);
    for (const reject of this.#waiting) reject(lost);
    this.#ended.resolve(lost);
    this.#socket.on("error", () => {});
    // Closed with an error, so that the client does not reconnect.
    this.#socket.destroy(lost);
  }
}

/** Connects a socket. Throws the system's error, or a DatabaseAway. */
async function connected(
  socket: net.Socket,
  { host, port }: { readonly host: string; readonly port: number },
  patienceMs: number,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new DatabaseAway(`${databaseHost({ host, port })}: it does not answer`)),
    patienceMs,
  );
  socket.on("error", reject);
  try {
    socket.connect(port, host, resolve);
    await promise;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Returns every option of the client. A complete set with `shared` is used as it is. Otherwise the client reads some
 * twenty environment variables, PGPASSWORD among them, whichever options it is given.
 */
function clientOptions(
  place: DatabasePlace,
  socket: net.Socket,
  { password, certificates, onNotice }: SessionOptions,
  onclose: () => void,
) {
  const { host, port, user, database, isVerified } = place;
  let isUsed = false;
  return {
    ...{ host: [host], port: [port], user, database, pass: password ?? "", max: 1, onclose },
    // The client would reconnect and continue in the middle of its statements.
    socket: () => {
      if (isUsed) throw new DatabaseAway(`${databaseHost(place)}: the connection was closed`);
      isUsed = true;
      return Object.assign(socket, { host, port });
    },
    ssl: isVerified && {
      host,
      rejectUnauthorized: true,
      ...(certificates === null ? {} : { ca: certificates }),
    },
    sslnegotiation: null,
    connection: { application_name: "penstock" },
    // Every value stays text, as PostgreSQL writes and reads it.
    ...{ types: {}, parsers: {}, serializers: {}, fetch_types: false, prepare: true },
    ...{ transform: { undefined: undefined, column: {}, value: {}, row: {} }, parameters: {} },
    ...{ idle_timeout: null, connect_timeout: null, max_lifetime: null, keep_alive: KEEP_ALIVE_S },
    ...{ max_pipeline: 100, backoff: 0, debug: false, publications: "", no_subscribe: true },
    onnotice: () => {},
    onnotify: (_channel: string, content: string) => onNotice?.(content),
    shared: { retries: 0, typeArrayMap: {} },
  };
}
