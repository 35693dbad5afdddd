/** A log of entries in a PostgreSQL database. */
import { readRequest } from "../../../domain/run/run_request.ts";
import type {
  ChainPlace,
  ClosesAt,
  EntryLog,
  FiledRequest,
  KeptHeartbeat,
  RequestKey,
  StoredState,
} from "../entry_log.ts";
import { contentIn, type EntryType, type StoredEntry } from "../journal_entry.ts";
import type { Operation } from "../journal_error.ts";
import type { DatabaseLink } from "./database_link.ts";
import type { DatabaseRow, DatabaseSession, DatabaseValue } from "./database_session.ts";
import { MIGRATIONS, schemaVersion } from "./database_schema.ts";
import { bytesOf, ENTRY_COLUMNS, entryOf, numberOf, wholeNumber } from "./postgres_entries.ts";
import { storeFailure } from "./store_failure.ts";

/** The run reads no more requests than this at a time, whatever is in the table. */
const MOST_REQUESTS = 100;
/** Bytes of a close. */
const BYTES = 8;
/** All reads of a moment see one snapshot, which the first query takes. */
const MOMENT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT";
const END = "COMMIT";
/** Below every number that an entry can have. */
const LOWEST = "-9223372036854775808";

/**
 * How a log uses its link. `own`: it closes the link in the end. `leased`: so does this one, and the lease writes over
 * the link even during a moment. `shared`: other logs use the link too, but only one of them is read at a time.
 */
export type LinkUse = "own" | "leased" | "shared";

/** The log of one journal, named by its number in the database. */
export class PostgresLog implements EntryLog {
  readonly path: string;
  readonly #link: DatabaseLink;
  readonly #journal: number;
  readonly #operation: Operation;
  readonly #use: LinkUse;
  /** The session of the moment that is held. */
  #moment: DatabaseSession | null = null;

  /** Errors say that `operation` failed. */
  constructor(
    link: DatabaseLink,
    journal: number,
    path: string,
    use: LinkUse,
    operation: Operation = "read",
  ) {
    this.#link = link;
    this.#journal = journal;
    this.path = path;
    this.#use = use;
    this.#operation = operation;
  }

  moment(): Promise<AsyncDisposable> {
    return this.#read(async () => {
      if (this.#moment !== null) throw new TypeError("Moments are not nested");
      const link = this.#use === "leased" ? this.#link.another() : this.#link;
      const end = async () => {
        const moment = this.#moment;
        this.#moment = null;
        if (link !== this.#link) return await link[Symbol.asyncDispose]();
        try {
          if (moment?.isOpen) await moment.query(END);
        } catch {
          // A session that was lost holds no moment, and the next use opens another session.
        }
      };
      try {
        await link.use(async (session) => {
          await session.query(MOMENT);
          this.#moment = session;
        });
      } catch (error) {
        await end();
        throw error;
      }
      return { [Symbol.asyncDispose]: end };
    });
  }

  head(): Promise<ChainPlace | null> {
    return this.#row("SELECT seq, hash FROM penstock.journals WHERE journal = $1", [], (row) => {
      const seq = wholeNumber(row?.["seq"]);
      return seq === null || row?.["hash"] == null ? null : { seq, hash: bytesOf(row["hash"]) };
    });
  }

  last(): Promise<{ readonly seq: number; readonly run: number; readonly time: number } | null> {
    const last = "SELECT seq, run, time FROM penstock.entries WHERE journal = $1 ORDER BY seq DESC LIMIT 1";
    return this.#row(
      last,
      [],
      (row) =>
        row === null
          ? null
          : { seq: numberOf(row["seq"]), run: numberOf(row["run"]), time: numberOf(row["time"]) },
    );
  }

  after(seq: number, limit: number): Promise<readonly StoredEntry[]> {
    // The first query also covers numbers below 1, which no entry may have.
    return this.#entries("seq > $2 ORDER BY seq LIMIT $3", seq === 0 ? LOWEST : seq, limit);
  }

  afterOfType(type: EntryType, run: number, seq: number, limit: number): Promise<readonly StoredEntry[]> {
    return this.#entries(`${ofTypeInRun(type)} AND seq > $4 ORDER BY seq LIMIT $5`, type, run, seq, limit);
  }

  lastOfType(type: EntryType, run: number, count: number): Promise<readonly StoredEntry[]> {
    return this.#entries(`${ofTypeInRun(type)} ORDER BY seq DESC LIMIT $4`, type, run, count);
  }

  placeOf(seq: number): Promise<{ readonly run: number; readonly hash: string } | null> {
    const place =
      "SELECT run, encode(hash, 'hex') AS hash FROM penstock.entries WHERE journal = $1 AND seq = $2";
    return this.#row(
      place,
      [seq],
      (row) => row === null ? null : { run: numberOf(row["run"]), hash: row["hash"]! },
    );
  }

  async counts(run: number | null, most: number): Promise<readonly (readonly [string | null, number])[]> {
    const rows = await this.#rows(
      `SELECT type, count(*) AS count FROM (
        SELECT type FROM penstock.entries
        WHERE journal = $1 AND type <> 'checkpoint' AND ($2::integer IS NULL OR run = $2) LIMIT $3
      ) AS counted GROUP BY type`,
      run,
      most,
    );
    return rows.map(({ type, count }) => [type ?? null, numberOf(count)] as const);
  }

  state(run: number): Promise<StoredState | null> {
    const state = "SELECT seq, content, closes FROM penstock.states WHERE journal = $1 AND run = $2";
    return this.#row(
      state,
      [run],
      (row) =>
        row === null ? null : { seq: numberOf(row["seq"]), content: row["content"]!, closes: row["closes"]! },
    );
  }

  async closesUpTo(seq: number, limit: number): Promise<readonly ClosesAt[]> {
    const rows = await this.#rows(
      `SELECT seq, decimals, fresh, bytes, before, encode(state, 'hex') AS state FROM penstock.closes
        WHERE journal = $1 AND seq <= $2 ORDER BY seq DESC LIMIT $3`,
      seq,
      limit,
    );
    return rows.map(({ seq, decimals, fresh, bytes, before, state }) => ({
      ...{ seq: numberOf(seq), decimals: wholeNumber(decimals), fresh: wholeNumber(fresh) },
      ...{ before: wholeNumber(before), bytes: bytes == null ? null : bytesOf(bytes), state: state ?? null },
    }));
  }

  async closesKept(limit: number): Promise<readonly { readonly seq: number; readonly count: number }[]> {
    const rows = await this.#rows(
      `SELECT seq, octet_length(bytes) / ${BYTES} AS count FROM penstock.closes
        WHERE journal = $1 ORDER BY seq DESC LIMIT $2`,
      limit,
    );
    return rows.map(({ seq, count }) => ({ seq: numberOf(seq), count: numberOf(count) }));
  }

  closesExtent(): Promise<{ readonly parts: number; readonly oldest: number | null }> {
    const extent = "SELECT count(*) AS parts, min(seq) AS oldest FROM penstock.closes WHERE journal = $1";
    return this.#row(extent, [], (row) => ({
      parts: numberOf(row?.["parts"]),
      oldest: wholeNumber(row?.["oldest"]),
    }));
  }

  heartbeat(): Promise<KeptHeartbeat | null> {
    return this.#row("SELECT * FROM penstock.heartbeats WHERE journal = $1", [], (row) => {
      if (row === null) return null;
      const { price, price_time: priceTime } = row;
      return {
        ...{ run: numberOf(row["run"]), seq: numberOf(row["seq"]), time: numberOf(row["time"]) },
        ...{ pid: numberOf(row["pid"]), trades: numberOf(row["trades"]) },
        ...{ tradesPerSecond: numberOf(row["trades_per_second"]), lagMs: wholeNumber(row["lag_ms"]) },
        last: price == null || priceTime == null ? null : { price, time: numberOf(priceTime) },
      };
    });
  }

  async requests(): Promise<readonly FiledRequest[]> {
    const requests =
      "SELECT id, run, kind, time, content FROM penstock.requests WHERE journal = $1 ORDER BY id LIMIT $2";
    return (await this.#rows(requests, MOST_REQUESTS)).map(({ id, run, kind, time, content }) => {
      const read = contentIn(content ?? null);
      return {
        ...{ id: numberOf(id), run: numberOf(run), kind: String(kind), time: numberOf(time) },
        request: read === null ? null : readRequest(String(kind), read),
      };
    });
  }

  isWaiting({ id, time }: RequestKey): Promise<boolean> {
    const waiting = "SELECT 1 FROM penstock.requests WHERE journal = $1 AND id = $2 AND time = $3";
    return this.#row(waiting, [id, time], (row) => row !== null);
  }

  /** This store repeats nothing of a checkpoint. */
  repetitionFlaw(): Promise<string | null> {
    return Promise.resolve(null);
  }

  /** Checking indexes is left to PostgreSQL's amcheck. */
  typeNotFound(): Promise<string | null> {
    return Promise.resolve(null);
  }

  storageFlaw(lastRun: number): Promise<string | null> {
    return this.#read(async () => {
      const version = await this.#inSession((session) => schemaVersion(session));
      if (version !== MIGRATIONS.length) return `its tables are of version ${version}`;
      const stray = "SELECT run FROM penstock.states WHERE journal = $1 AND (run < 1 OR run > $2) LIMIT 1";
      const [row] = await this.#rows(stray, lastRun);
      return row === undefined ? null : `the states table names run ${row["run"]}, which has no entry`;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#use !== "shared") await this.#link[Symbol.asyncDispose]();
  }

  async #entries(condition: string, ...values: readonly DatabaseValue[]): Promise<readonly StoredEntry[]> {
    const rows = await this.#rows(
      `SELECT ${ENTRY_COLUMNS} FROM penstock.entries WHERE journal = $1 AND ${condition}`,
      ...values,
    );
    return rows.map(entryOf);
  }

  async #row<T>(
    text: string,
    values: readonly DatabaseValue[],
    read: (row: DatabaseRow | null) => T,
  ): Promise<T> {
    const rows = await this.#rows(text, ...values);
    return await this.#read(() => Promise.resolve(read(rows[0] ?? null)));
  }

  /** The rows of a query, whose first value is the journal. */
  #rows(text: string, ...values: readonly DatabaseValue[]): Promise<readonly DatabaseRow[]> {
    return this.#read(() => this.#inSession((session) => session.query(text, [this.#journal, ...values])));
  }

  #inSession<T>(work: (session: DatabaseSession) => Promise<T>): Promise<T> {
    return this.#moment === null ? this.#link.use(work) : work(this.#moment);
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw storeFailure(this.#operation, this.path, error);
    }
  }
}

/** The condition for entries of a type in a run, written so that the index applies, which leaves checkpoints out. */
function ofTypeInRun(type: EntryType): string {
  return type === "checkpoint" ? "type = $2 AND run = $3" : "type = $2 AND type <> 'checkpoint' AND run = $3";
}
