/** The queue in a PostgreSQL database as a sweep uses it. */
import { listText, numberOf } from "../journal/postgres/postgres_entries.ts";
import { decompressed } from "./compressed_result.ts";
import { COLLECT } from "./postgres_worker_queue.ts";
import { type LinkOptions, QueueLink } from "./queue_link.ts";
import type { AskedSweep, AskedTask, Outlook, SweepQueue, TaskState } from "./task_queue.ts";

/** How many tasks one statement adds. */
const MOST_ADDED = 1_000;

const FIND = "SELECT sweep FROM penstock.sweeps WHERE key = decode($1, 'hex')";
const MAKE =
  `INSERT INTO penstock.sweeps (key, content) VALUES (decode($1, 'hex'), $2) ON CONFLICT (key) DO NOTHING`;
// In the order in which they were asked for: workers take the oldest first.
const ADD = `INSERT INTO penstock.tasks (key, copy, sweep, version, input, content)
  SELECT decode(one ->> 'key', 'hex'), copy, $1, $2, $3, one ->> 'content'
  FROM json_array_elements($4::json) WITH ORDINALITY AS asked (one, place), (VALUES (1), (2)) AS copies (copy)
  WHERE copy = 1 OR (one ->> 'isChecked')::boolean
  ORDER BY place, copy ON CONFLICT (key, copy) DO NOTHING`;
const AGAIN =
  `UPDATE penstock.tasks SET state = 'waiting', token = token + 1, lost = 0, failure = NULL, result = NULL
  WHERE sweep = $1 AND state = 'failed'`;
const STATES =
  `SELECT task, encode(key, 'hex') AS key, copy, state = 'done' AS done, called FROM penstock.tasks
  WHERE key IN (SELECT decode(one, 'hex') FROM unnest($1::text[]) AS asked (one))`;
const RESULT = "SELECT result FROM penstock.tasks WHERE task = $1 AND state = 'done'";
const COUNTS =
  `SELECT count(*) FILTER (WHERE state <> 'done') AS left, count(*) FILTER (WHERE state = 'done') AS done
  FROM penstock.tasks WHERE sweep = $1`;
const FAILED = `SELECT content, failure FROM penstock.tasks WHERE sweep = $1 AND state = 'failed'
  ORDER BY task, copy LIMIT 1`;
const WORKERS =
  `SELECT version, count(*) AS workers, count(*) FILTER (WHERE NOT $1 = ANY (lacks)) AS with_files
  FROM penstock.workers WHERE expires > clock_timestamp() GROUP BY version ORDER BY version`;
const GIVE_UP =
  `UPDATE penstock.tasks SET state = 'failed', token = token + 1, expires = NULL, failure = $2, result = NULL
  WHERE key = decode($1, 'hex')`;

/** The queue of one sweep. */
export class PostgresSweepQueue implements SweepQueue {
  readonly #link: QueueLink;
  #sweep = 0;
  #version = "";
  #input = "";

  /** Opens the queue in the database at `path`. Throws a QueueError if it cannot be used. */
  static async open(path: string, options: Omit<LinkOptions, "listensTo">): Promise<PostgresSweepQueue> {
    return new PostgresSweepQueue(await QueueLink.open(path, { ...options, listensTo: "results" }));
  }

  private constructor(link: QueueLink) {
    this.#link = link;
  }

  async ask({ key, version, input, content, tasks }: AskedSweep): Promise<void> {
    this.#version = version;
    this.#input = input;
    this.#sweep = await this.#link.use(async (session) => {
      await session.query("BEGIN");
      try {
        await session.query(MAKE, [key, content]);
        const [row] = await session.query(FIND, [key]);
        const sweep = numberOf(row?.["sweep"]);
        for (const part of partsOf(tasks)) {
          await session.query(ADD, [sweep, version, input, JSON.stringify(part)]);
        }
        await session.query(AGAIN, [sweep]);
        await session.query("COMMIT");
        return sweep;
      } catch (error) {
        // If even that fails, the session is lost, and the server rolls back.
        await session.query("ROLLBACK").catch(() => {});
        throw error;
      }
    });
    await this.#link.notify("tasks");
  }

  async states(keys: readonly string[]): Promise<readonly TaskState[]> {
    const rows = await this.#link.query(STATES, [listText(keys)]);
    return rows.map(({ task, key, copy, done, called }) => ({
      ...{ task: numberOf(task), key: key!, copy: numberOf(copy), isDone: done === "t" },
      worker: called ?? null,
    }));
  }

  async result(task: number): Promise<string> {
    const [row] = await this.#link.query(RESULT, [task]);
    return row?.["result"] == null ? "" : decompressed(row["result"]);
  }

  async outlook(): Promise<Outlook> {
    // Nobody else may be there to see that all workers were lost.
    const collected = await this.#link.query(COLLECT);
    if (collected.length > 0) await this.#link.notify("tasks");
    const [counts] = await this.#link.query(COUNTS, [this.#sweep]);
    const [failed] = await this.#link.query(FAILED, [this.#sweep]);
    const workers = await this.#link.query(WORKERS, [this.#input]);
    const own = workers.find(({ version }) => version === this.#version);
    return {
      left: numberOf(counts?.["left"]),
      done: numberOf(counts?.["done"]),
      failed: failed === undefined
        ? null
        : { content: failed["content"]!, failure: failed["failure"] ?? "unknown" },
      workers: own === undefined ? 0 : numberOf(own["workers"]),
      withFiles: own === undefined ? 0 : numberOf(own["with_files"]),
      otherVersions: workers.filter((each) => each !== own).map(({ version }) => version!),
    };
  }

  async markFailed(key: string, failure: string): Promise<void> {
    await this.#link.query(GIVE_UP, [key, failure]);
  }

  changed(ms: number, signal: AbortSignal): Promise<void> {
    return this.#link.changed(ms, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
  }
}

function partsOf(tasks: readonly AskedTask[]): AskedTask[][] {
  const count = Math.ceil(tasks.length / MOST_ADDED);
  return Array.from({ length: count }, (_, part) => tasks.slice(part * MOST_ADDED, (part + 1) * MOST_ADDED));
}
