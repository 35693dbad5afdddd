/** A log of entries in a SQLite database. */
import type {
  ChainPlace,
  ClosesAt,
  EntryLog,
  FiledRequest,
  KeptHeartbeat,
  RepeatedCheckpoint,
  RequestKey,
  StoredState,
} from "../entry_log.ts";
import type { EntryType, StoredEntry } from "../journal_entry.ts";
import { damaged, type Operation } from "../journal_error.ts";
import { BOUND_TYPE, entriesAfter, entriesWhere, HEX_HASH, ofTypeInRun } from "./entry_rows.ts";
import { failed, type JournalDatabase, type Row } from "./journal_file.ts";
import { heartbeatOf } from "./journal_heartbeat.ts";
import { isWaiting, requestsIn } from "./journal_requests.ts";
import { mustBeAsMade, versionOf } from "./journal_schema.ts";
import { FIRST_WITH_HEARTBEAT, FIRST_WITH_STATES, tablesByRun } from "./journal_tables.ts";

/**
 * The most entries after the last checkpoint: failed attempts to connect, one per minute, take two years to get there.
 */
const MOST_PASSED = 1_000_000;
/** The index by type must be complete for this many of the last entries. */
const INDEXED = 2_000;
/** The size of a close, in bytes. */
const BYTES = 8;

/** In the order of the entries, and by the index that finds the last ones of a type. */
const IN_ORDER = `SELECT type FROM entries NOT INDEXED
  WHERE seq > ? AND seq <= ? AND run = ? AND type <> 'checkpoint' ORDER BY seq LIMIT ${INDEXED}`;
const BY_INDEX = `SELECT seq FROM entries INDEXED BY entries_by_type
  WHERE type = ? AND type <> 'checkpoint' AND run = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ${INDEXED}`;
/** The closes of checkpoints, as lists and with the hash as text: objects with bytes take twice the time. */
const CLOSES_COLUMNS = "seq, decimals, fresh, prices";
const WITH_STATE = `${CLOSES_COLUMNS}, before, CASE WHEN typeof(state) = 'blob' THEN lower(hex(state)) END`;
/** Up to version 2 there were no `before` and `state`. */
const WITHOUT_STATE = `${CLOSES_COLUMNS}, NULL, NULL`;
type ClosesRow = readonly [
  seq: unknown,
  decimals: unknown,
  fresh: unknown,
  bytes: unknown,
  before: unknown,
  state: unknown,
];
const COUNTS = `SELECT type, count(*) AS count
  FROM (SELECT ${BOUND_TYPE} AS type FROM entries WHERE type <> 'checkpoint'`;

/** The log in an open database whose tables have been checked. */
export class SqliteLog implements EntryLog {
  readonly path: string;
  readonly #database: JournalDatabase;

  readonly #operation: Operation;

  /** Closes `database` in the end. Errors say that `operation` failed. */
  constructor(database: JournalDatabase, path: string, operation: Operation = "read") {
    this.#database = database;
    this.path = path;
    this.#operation = operation;
  }

  moment(): Promise<AsyncDisposable> {
    return this.#read((database) => {
      database.prepare("BEGIN").run();
      const end = () => this.#read(() => void database.prepare("ROLLBACK").run());
      return { [Symbol.asyncDispose]: end };
    });
  }

  head(): Promise<ChainPlace | null> {
    return this.#read((database) => {
      const { seq, hash } = database.prepare("SELECT seq, hash FROM head WHERE one = 1").get() ?? {};
      return Number.isSafeInteger(seq) && hash instanceof Uint8Array ? { seq: seq as number, hash } : null;
    });
  }

  last(): Promise<{ readonly seq: number; readonly run: number; readonly time: number } | null> {
    return this.#read((database) => {
      const row = database.prepare("SELECT seq, run, time FROM entries ORDER BY seq DESC LIMIT 1").get();
      if (row === undefined) return null;
      return { seq: Number(row["seq"]), run: Number(row["run"]), time: Number(row["time"]) };
    });
  }

  after(seq: number, limit: number): Promise<readonly StoredEntry[]> {
    return this.#read((database) => entriesAfter(database, seq, limit));
  }

  afterOfType(type: EntryType, run: number, seq: number, limit: number): Promise<readonly StoredEntry[]> {
    const condition = `${ofTypeInRun(type)} AND seq > ? ORDER BY seq LIMIT ?`;
    return this.#read((database) => entriesWhere(database, condition, type, run, seq, limit));
  }

  lastOfType(type: EntryType, run: number, count: number): Promise<readonly StoredEntry[]> {
    return this.#read((database) => {
      const last = (condition: string, ...values: number[]) =>
        entriesWhere(database, `${condition} ORDER BY seq DESC LIMIT ?`, type, run, ...values, count);
      if (type !== "checkpoint") return last(ofTypeInRun(type));
      // Runs follow one another, so no entry of another run is in between.
      const startOf = (at: number): number | null => {
        const condition = `${ofTypeInRun("started")} ORDER BY seq DESC LIMIT 1`;
        return entriesWhere(database, condition, "started", at)[0]?.seq ?? null;
      };
      const start = startOf(run) ?? 0;
      const end = startOf(run + 1) ??
        Number(database.prepare("SELECT max(seq) AS seq FROM entries").get()?.["seq"] ?? 0);
      const from = Math.max(start, end - MOST_PASSED);
      const found = last(`${ofTypeInRun(type)} AND seq BETWEEN ? AND ?`, from, end);
      if (found.length === 0 && from > start) {
        throw damaged(this.path, `none of the last ${MOST_PASSED} entries of run ${run} is a checkpoint`);
      }
      return found;
    });
  }

  placeOf(seq: number): Promise<{ readonly run: number; readonly hash: string } | null> {
    return this.#read((database) => {
      const row = database.prepare(`SELECT run, ${HEX_HASH} AS hash FROM entries WHERE seq = ?`).get(seq);
      return typeof row?.["hash"] === "string" ? { run: Number(row["run"]), hash: row["hash"] } : null;
    });
  }

  counts(run: number | null, most: number): Promise<readonly (readonly [string | null, number])[]> {
    return this.#read((database) => {
      const rows = run === null
        ? database.prepare(`${COUNTS} LIMIT ?) GROUP BY type`).all(most)
        : database.prepare(`${COUNTS} AND run = ? LIMIT ?) GROUP BY type`).all(run, most);
      return rows.map(({ type, count }) => [typeof type === "string" ? type : null, Number(count)] as const);
    });
  }

  state(run: number): Promise<StoredState | null> {
    return this.#read((database) => {
      if (versionOf(database, this.path) < FIRST_WITH_STATES) return null;
      const row = database.prepare("SELECT seq, content, prices FROM states WHERE run = ?").get(run);
      if (row === undefined) return null;
      return { seq: Number(row["seq"]), content: String(row["content"]), closes: String(row["prices"]) };
    });
  }

  closesUpTo(seq: number, limit: number): Promise<readonly ClosesAt[]> {
    return this.#read((database) => {
      const columns = versionOf(database, this.path) < FIRST_WITH_STATES ? WITHOUT_STATE : WITH_STATE;
      const closes = database.prepare(
        `SELECT ${columns} FROM checkpoint_prices WHERE seq <= ? ORDER BY seq DESC LIMIT ?`,
      );
      closes.setReturnArrays(true);
      return (closes.all(seq, limit) as unknown as ClosesRow[]).map(closesIn);
    });
  }

  closesKept(limit: number): Promise<readonly { readonly seq: number; readonly count: number }[]> {
    return this.#read((database) =>
      database.prepare(
        `SELECT seq, octet_length(prices) / ${BYTES} AS count FROM checkpoint_prices ORDER BY seq DESC LIMIT ?`,
      ).all(limit).map(({ seq, count }) => ({ seq: Number(seq), count: Number(count) }))
    );
  }

  closesExtent(): Promise<{ readonly parts: number; readonly oldest: number | null }> {
    return this.#read((database) => {
      const row = database.prepare("SELECT count(*) AS parts, min(seq) AS oldest FROM checkpoint_prices")
        .get()!;
      return { parts: Number(row["parts"]), oldest: numberIn(row["oldest"]) };
    });
  }

  heartbeat(): Promise<KeptHeartbeat | null> {
    return this.#read((database) =>
      versionOf(database, this.path) < FIRST_WITH_HEARTBEAT ? null : heartbeatOf(database, this.path)
    );
  }

  requests(): Promise<readonly FiledRequest[]> {
    return this.#read((database) =>
      versionOf(database, this.path) < FIRST_WITH_STATES ? [] : requestsIn(database)
    );
  }

  isWaiting(key: RequestKey): Promise<boolean> {
    return this.#read((database) => isWaiting(database, key));
  }

  /** Up to version 2 the account and the positions repeated a part of the last checkpoint. */
  repetitionFlaw(run: number, checkpoint: RepeatedCheckpoint | null): Promise<string | null> {
    return this.#read((database) => {
      if (versionOf(database, this.path) >= FIRST_WITH_STATES) return null;
      const account = database.prepare("SELECT seq, cash, fees, realized FROM account WHERE run = ?").get(
        run,
      );
      const rows = database.prepare("SELECT symbol, quantity, cost FROM positions WHERE run = ? LIMIT 100")
        .all(run);
      if (checkpoint === null) {
        return account === undefined && rows.length === 0
          ? null
          : `run ${run} has an account without a checkpoint`;
      }
      const { cash, fees, realized } = checkpoint.account;
      const isSame = account?.["seq"] === checkpoint.seq && account["cash"] === cash &&
        account["fees"] === fees && account["realized"] === realized;
      if (!isSame) return `the account table disagrees with the checkpoint of run ${run}`;
      return inOrder(rows) === inOrder(checkpoint.positions)
        ? null
        : `the positions table disagrees with the checkpoint of run ${run}`;
    });
  }

  typeNotFound(run: number, seq: number): Promise<string | null> {
    return this.#read((database) => {
      const from = seq - INDEXED;
      const types = database.prepare(IN_ORDER).all(from, seq, run).map(({ type }) => String(type));
      const byIndex = database.prepare(BY_INDEX);
      for (const [type, all] of Map.groupBy(types, (type) => type)) {
        if (byIndex.all(type, run, from, seq).length !== all.length) return type;
      }
      return null;
    });
  }

  storageFlaw(lastRun: number): Promise<string | null> {
    return this.#read((database) => {
      const version = versionOf(database, this.path);
      mustBeAsMade(database, this.path, version);
      const result = database.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
      if (result !== "ok") return `its database is damaged (${result})`;
      for (const table of tablesByRun(version)) {
        // Such a row would be at one end of the table.
        const row = database.prepare(`SELECT run FROM ${table} WHERE run < 1 LIMIT 1`).get() ??
          database.prepare(`SELECT run FROM ${table} WHERE run > ? LIMIT 1`).get(lastRun);
        if (row !== undefined) return `the ${table} table names run ${row["run"]}, which has no entry`;
      }
      return null;
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#read((database) => database.close());
  }

  #read<T>(read: (database: JournalDatabase) => T): Promise<T> {
    return Promise.try(() => {
      try {
        return read(this.#database);
      } catch (error) {
        throw failed(this.#operation, this.path, error);
      }
    });
  }
}

function closesIn(row: ClosesRow): ClosesAt {
  const bytes = row[3];
  const state = row[5];
  return {
    seq: Number(row[0]),
    decimals: numberIn(row[1]),
    fresh: numberIn(row[2]),
    bytes: bytes instanceof Uint8Array ? bytes : null,
    before: numberIn(row[4]),
    state: typeof state === "string" ? state : null,
  };
}

function numberIn(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function inOrder(positions: readonly (RepeatedCheckpoint["positions"][number] | Row)[]): string {
  return JSON.stringify(
    positions.map(({ symbol, quantity, cost }) => [symbol, quantity, cost]).sort((a, b) =>
      String(a[0]) < String(b[0]) ? -1 : 1
    ),
  );
}
