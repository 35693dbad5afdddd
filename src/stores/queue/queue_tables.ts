/** The tables of the queue of tasks, which are a part of the program's tables in a database. */

/** The roles that get rights if they exist: one for sweeps, which add tasks, and one for workers, which compute them. */
export const SWEEPER = "penstock_sweeper";
export const WORKER = "penstock_worker";

/** The statements that make the tables from nothing. Once released, they never change. */
export const QUEUE_TABLES: readonly string[] = [
  // key: SHA-256 of all that decides the result. content: JSON, see described_sweep.ts.
  `CREATE TABLE penstock.sweeps (
    sweep bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL UNIQUE,
    content text NOT NULL
  )`,
  // A worker is connected until `expires`. lacks: the inputs that it does not have.
  `CREATE TABLE penstock.workers (
    worker uuid PRIMARY KEY,
    version text NOT NULL,
    called text NOT NULL,
    lacks text[] NOT NULL DEFAULT '{}',
    expires timestamptz NOT NULL
  ) WITH (fillfactor = 50)`,
  // key: SHA-256 of the sweep's key and of content. copy: 2 for a task that is computed a second time, to be compared.
  // version: that of the program that has to compute it. input: the digest of its files. token: grows whenever the task
  // changes hands, and a result is kept only under the token that it was taken with. lost: how often its worker was lost
  // or failed. called: the last worker. failure: why it failed. result: compressed, see compressed_result.ts.
  `CREATE TABLE penstock.tasks (
    task bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL,
    copy integer NOT NULL CHECK (copy IN (1, 2)),
    sweep bigint NOT NULL REFERENCES penstock.sweeps,
    version text NOT NULL,
    input text NOT NULL,
    content text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'taken', 'done', 'failed')),
    token bigint NOT NULL DEFAULT 0,
    expires timestamptz,
    worker uuid,
    called text,
    lost integer NOT NULL DEFAULT 0,
    failure text,
    result text,
    UNIQUE (key, copy)
  ) WITH (fillfactor = 50)`,
  `ALTER TABLE penstock.tasks ALTER result SET STORAGE EXTERNAL`,
  `CREATE INDEX tasks_waiting ON penstock.tasks (version, task) WHERE state = 'waiting'`,
  `CREATE INDEX tasks_taken ON penstock.tasks (expires) WHERE state = 'taken'`,
  `CREATE INDEX tasks_by_sweep ON penstock.tasks (sweep, task)`,
];

/** What each role may do with them, beyond reading all tables: the role, and the rights as GRANT has them. */
export const QUEUE_RIGHTS: readonly (readonly [role: string, rights: string])[] = [
  [SWEEPER, "INSERT (key, content) ON penstock.sweeps"],
  [SWEEPER, "INSERT (key, copy, sweep, version, input, content) ON penstock.tasks"],
  [SWEEPER, "UPDATE (state, token, expires, lost, failure, result) ON penstock.tasks"],
  [WORKER, "UPDATE (state, token, expires, worker, called, lost, failure, result) ON penstock.tasks"],
  [WORKER, "INSERT, UPDATE, DELETE ON penstock.workers"],
];
