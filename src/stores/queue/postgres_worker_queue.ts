/** The queue in a PostgreSQL database as a worker uses it. */
import type { DatabaseRow } from "../journal/postgres/database_session.ts";
import { listText, numberOf } from "../journal/postgres/postgres_entries.ts";
import { compressed } from "./compressed_result.ts";
import { QueueLink } from "./queue_link.ts";
import type { Prospect, TakenTask, WorkerQueue } from "./task_queue.ts";

/** How many workers may be lost or fail at a task before it is marked as failed: the task itself may be the cause. */
export const MOST_LOST = 3;
/** How often a lease is renewed within its duration: the worker keeps it even if two renewals fail. */
const RENEWALS = 4;

/** Only the database's clock decides, so the clocks of the machines may differ. */
const CLOCK = "clock_timestamp()";
const MS = "* interval '1 millisecond'";

// A worker that was killed is forgotten after a day.
const FORGET = `DELETE FROM penstock.workers WHERE expires < ${CLOCK} - interval '1 day'`;
const CONNECT = `INSERT INTO penstock.workers (worker, version, called, expires)
  VALUES ($1, $2, 'process ' || $4::text || coalesce(' on ' || host(inet_client_addr()), ''), ${CLOCK} + $3 ${MS})
  ON CONFLICT (worker) DO UPDATE SET expires = excluded.expires, called = excluded.called`;
const LACK = "UPDATE penstock.workers SET lacks = $2::text[] WHERE worker = $1";
const SECOND = "SELECT FROM penstock.tasks WHERE state = 'waiting' AND copy = 2 LIMIT 1";
const LEAVE = "DELETE FROM penstock.workers WHERE worker = $1";
const NO_OTHER = `NOT EXISTS (
    SELECT FROM penstock.workers AS other WHERE other.worker <> $1 AND other.version = $2
      AND other.expires > ${CLOCK} AND NOT one.input = ANY (other.lacks))`;
/**
 * The second computation of a task is for a different worker from the first, and so is a task that failed: the fault may
 * lie with the machine. Both hold only if another worker that has the files is connected.
 */
const BY_ANOTHER = `(copy = 1 OR EXISTS (
      SELECT FROM penstock.tasks AS first WHERE first.key = one.key AND first.copy = 1 AND first.state = 'done'
        AND (first.worker <> $1 OR ${NO_OTHER})))
    AND (lost = 0 OR worker <> $1 OR ${NO_OTHER})`;
const TAKE =
  `UPDATE penstock.tasks SET state = 'taken', token = token + 1, expires = ${CLOCK} + $3 ${MS}, worker = $1,
    called = (SELECT called FROM penstock.workers WHERE worker = $1)
  WHERE task = (
    SELECT task FROM penstock.tasks AS one
    WHERE state = 'waiting' AND version = $2 AND NOT input = ANY ($4::text[]) AND ${BY_ANOTHER}
    ORDER BY task LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING task, token, encode(key, 'hex') AS key, copy, sweep, input, content`;
/** Returns tasks that this worker took without receiving the answer. */
const DROP = `UPDATE penstock.tasks SET state = 'waiting', token = token + 1, expires = NULL
  WHERE worker = $1 AND state = 'taken'`;
/** Renewing need not wait for the disk: at worst, leases end earlier after the server has crashed. */
const RENEW =
  `WITH own AS (UPDATE penstock.workers SET expires = ${CLOCK} + $2 ${MS} WHERE worker = $1 RETURNING 1),
    held AS (UPDATE penstock.tasks SET expires = ${CLOCK} + $2 ${MS}
      WHERE task = $3 AND token = $4 AND state = 'taken' RETURNING 1)
  SELECT EXISTS (SELECT FROM own) AS known, EXISTS (SELECT FROM held) AS held,
    set_config('synchronous_commit', 'off', true)`;
const FINISH = `UPDATE penstock.tasks SET state = 'done', result = $3, expires = NULL, failure = NULL
  WHERE task = $1 AND token = $2 AND state = 'taken'
  RETURNING EXISTS (
    SELECT FROM penstock.tasks AS second WHERE second.key = tasks.key AND second.copy = 2 AND second.state = 'waiting'
  ) OR NOT EXISTS (
    SELECT FROM penstock.tasks AS other WHERE other.state IN ('waiting', 'taken') AND other.task <> tasks.task
  ) AS news`;
const IS_FINISHED = "SELECT FROM penstock.tasks WHERE task = $1 AND token = $2 AND state = 'done'";
const counted = (failure: string) =>
  `lost = lost + 1, expires = NULL, token = token + 1, failure = ${failure},
    state = CASE WHEN lost + 1 < ${MOST_LOST} THEN 'waiting' ELSE 'failed' END`;
const FAIL = `UPDATE penstock.tasks SET ${counted("$3")} WHERE task = $1 AND token = $2 AND state = 'taken'
  RETURNING state`;
const GIVE_BACK = `UPDATE penstock.tasks SET state = 'waiting', token = token + 1, expires = NULL
  WHERE task = $1 AND token = $2 AND state = 'taken'`;
const LOST = `'its workers were killed or did not answer: the last was ' || coalesce(called, 'unknown')`;
/** Leases that have ended, of workers of any version. */
export const COLLECT = `UPDATE penstock.tasks SET ${counted(LOST)}
  WHERE task IN (
    SELECT task FROM penstock.tasks WHERE state = 'taken' AND expires <= ${CLOCK} FOR UPDATE SKIP LOCKED)
  RETURNING state`;
const DESCRIBED = "SELECT content FROM penstock.sweeps WHERE sweep = $1";
// The second computation of a task whose first one failed is never due.
const PROSPECT = `SELECT
    count(*) FILTER (WHERE version = $1 AND NOT input = ANY ($2::text[])) AS left,
    count(*) FILTER (WHERE version = $1 AND state = 'waiting' AND input = ANY ($2::text[])) AS without_files,
    ceil(extract(epoch FROM min(expires) FILTER (WHERE state = 'taken') - ${CLOCK}) * 1000)::bigint AS ends
  FROM penstock.tasks WHERE state IN ('waiting', 'taken') AND (copy = 1 OR NOT EXISTS (
    SELECT FROM penstock.tasks AS first WHERE first.key = tasks.key AND first.copy = 1 AND first.state = 'failed'))`;
const OTHERS = `SELECT version, count(*) AS tasks FROM penstock.tasks
  WHERE state = 'waiting' AND version <> $1 GROUP BY version ORDER BY version`;

/** A worker, as the queue knows it. */
export interface WorkerOptions {
  readonly version: string;
  /** How long a task stays with a worker that is out of touch with the database, ms. */
  readonly leaseMs: number;
  readonly onTrouble: (text: string) => void;
  readonly signal: AbortSignal;
}

/** The queue of one worker, which renews its lease as long as the queue is open. */
export class PostgresWorkerQueue implements WorkerQueue {
  readonly #link: QueueLink;
  readonly #options: WorkerOptions;
  readonly #worker = crypto.randomUUID();
  readonly #renewals: ReturnType<typeof setInterval>;
  #held: TakenTask | null = null;
  /** The files that this worker does not have, as the queue last noted them. */
  #missing = "{}";
  #losing = new AbortController();
  #isRenewing = false;

  /** Opens the queue in the database at `path`. Throws a QueueError if it cannot be used. */
  static async open(path: string, options: WorkerOptions): Promise<PostgresWorkerQueue> {
    const link = await QueueLink.open(path, { ...options, listensTo: "tasks" });
    try {
      await link.query(FORGET);
      const queue = new PostgresWorkerQueue(link, options);
      await queue.#connect();
      return queue;
    } catch (error) {
      await link[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(link: QueueLink, options: WorkerOptions) {
    this.#link = link;
    this.#options = options;
    this.#renewals = setInterval(() => void this.#renew(), options.leaseMs / RENEWALS);
  }

  get lost(): AbortSignal {
    return this.#losing.signal;
  }

  async take(missing: readonly string[]): Promise<TakenTask | null> {
    const { version, leaseMs } = this.#options;
    const lacks = listText(missing);
    this.#losing = new AbortController();
    const isNews = lacks !== this.#missing;
    let isRepeated = false;
    const [row] = await this.#link.use(async (session) => {
      if (isRepeated) await session.query(DROP, [this.#worker]);
      isRepeated = true;
      if (isNews) await session.query(LACK, [this.#worker, lacks]);
      return await session.query(TAKE, [this.#worker, version, leaseMs, lacks]);
    });
    this.#missing = lacks;
    if (isNews) { for (const what of ["tasks", "results"] as const) await this.#link.notify(what); }
    // A busy worker wants to know of no other task.
    if (row !== undefined) await this.#link.stopListening();
    return this.#held = row === undefined ? null : taskIn(row);
  }

  async described(sweep: number): Promise<string> {
    const [row] = await this.#link.query(DESCRIBED, [sweep]);
    return row?.["content"] ?? "";
  }

  async finish({ task, token }: TakenTask, result: string): Promise<boolean> {
    this.#held = null;
    let isNews = false;
    const kept = compressed(result);
    const isKept = await this.#link.use(async (session) => {
      const [row] = await session.query(FINISH, [task, token, kept]);
      isNews = row?.["news"] === "t";
      // The answer to the same statement may have been lost before.
      return row !== undefined || (await session.query(IS_FINISHED, [task, token])).length > 0;
    });
    await this.#link.notify("results");
    // Another worker can now compute it a second time, or there is nothing left to wait for.
    if (isNews) await this.#link.notify("tasks");
    return isKept;
  }

  async fail({ task, token }: TakenTask, failure: string): Promise<boolean> {
    this.#held = null;
    const [row] = await this.#link.query(FAIL, [task, token, failure]);
    await this.#notify(row?.["state"]);
    return row?.["state"] === "failed";
  }

  async giveBack({ task, token }: TakenTask): Promise<void> {
    this.#held = null;
    await this.#link.query(GIVE_BACK, [task, token]);
    await this.#link.notify("tasks");
  }

  async prospect(missing: readonly string[]): Promise<Prospect> {
    const { version } = this.#options;
    await this.#collect();
    const [row] = await this.#link.query(PROSPECT, [version, listText(missing)]);
    const others = await this.#link.query(OTHERS, [version]);
    return {
      left: numberOf(row?.["left"]),
      withoutFiles: numberOf(row?.["without_files"]),
      endsInMs: row?.["ends"] == null ? null : Math.max(0, numberOf(row["ends"])),
      others: others.map(({ version, tasks }) => ({ version: version!, tasks: numberOf(tasks) })),
    };
  }

  changed(ms: number, signal: AbortSignal): Promise<void> {
    return this.#link.changed(ms, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#renewals);
    try {
      await this.#link.queryIfOpen(LEAVE, [this.#worker]);
      await this.#link.notify("results");
      // The second computation of a task may have waited only because of this worker.
      const waiting = await this.#link.queryIfOpen(SECOND, []);
      if (waiting !== null && waiting.length > 0) await this.#link.notify("tasks");
    } finally {
      await this.#link[Symbol.asyncDispose]();
    }
  }

  async #connect(): Promise<void> {
    await this.#link.query(CONNECT, [
      this.#worker,
      this.#options.version,
      this.#options.leaseMs,
      String(Deno.pid),
    ]);
    await this.#link.notify("results");
  }

  /** Frees the tasks of lost workers, and notifies those who wait for them. */
  async #collect(): Promise<void> {
    const collected = await this.#link.query(COLLECT);
    for (const state of new Set(collected.map((row) => row["state"]))) await this.#notify(state);
    if (collected.length > 0) this.#link.wake();
  }

  /** Notifies those who wait for a task in this state. */
  async #notify(state: string | null | undefined): Promise<void> {
    if (state != null) await this.#link.notify(state === "failed" ? "results" : "tasks");
  }

  /** Renews the leases of the worker and of its task. If the database does not answer, the next use of it reconnects. */
  async #renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const [held, losing] = [this.#held, this.#losing];
    try {
      const { leaseMs } = this.#options;
      const values = [this.#worker, leaseMs, held?.task ?? 0, held?.token ?? 0];
      const found = (await this.#link.queryIfOpen(RENEW, values))?.[0];
      // Another worker removed this one, which had been away for a day.
      if (found?.["known"] === "f") await this.#connect();
      if (found?.["held"] === "f" && held !== null && this.#held === held) losing.abort();
      // A worker that waits for notices reconnects.
      if (found === undefined && held === null) this.#link.wake();
    } catch {
      // Whatever the database refuses now, it will refuse again when the task is finished.
    } finally {
      this.#isRenewing = false;
    }
  }
}

function taskIn(row: DatabaseRow): TakenTask {
  return {
    task: numberOf(row["task"]),
    token: numberOf(row["token"]),
    key: row["key"]!,
    copy: numberOf(row["copy"]),
    sweep: numberOf(row["sweep"]),
    input: row["input"]!,
    content: row["content"]!,
  };
}
