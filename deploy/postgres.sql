-- Makes Penstock's tables in the database that psql is connected to, and four roles: penstock_writer for runs and for
-- halt and release, penstock_reader for status, export, verify and report, penstock_sweeper for sweeps with a queue, and
-- penstock_worker for its workers. Programs that may make the tables themselves need none of this. See docs/fleet.md.
-- Written by deno task schema from src/stores/journal/postgres/database_schema.ts.

BEGIN;

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_writer') THEN CREATE ROLE penstock_writer; END IF;
  END $$;

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_reader') THEN CREATE ROLE penstock_reader; END IF;
  END $$;

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_sweeper') THEN CREATE ROLE penstock_sweeper; END IF;
  END $$;

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_worker') THEN CREATE ROLE penstock_worker; END IF;
  END $$;

CREATE SCHEMA penstock;

CREATE TABLE penstock.version (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version integer NOT NULL
  );

CREATE TABLE penstock.journals (
    journal integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    seq bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    token bigint NOT NULL DEFAULT 0,
    expires timestamptz,
    session integer,
    address text,
    pid integer
  ) WITH (fillfactor = 50);

CREATE TABLE penstock.entries (
    journal integer NOT NULL REFERENCES penstock.journals,
    seq bigint NOT NULL,
    run integer NOT NULL,
    type text NOT NULL,
    time bigint NOT NULL,
    content text NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (journal, seq)
  );

CREATE INDEX entries_by_type ON penstock.entries (journal, type, run, seq) WHERE type <> 'checkpoint';

CREATE FUNCTION penstock.entries_stay() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'entries of a journal are never changed or removed'; END $$;

CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON penstock.entries
    FOR EACH STATEMENT EXECUTE FUNCTION penstock.entries_stay();

CREATE TABLE penstock.states (
    journal integer NOT NULL REFERENCES penstock.journals,
    run integer NOT NULL,
    seq bigint NOT NULL,
    content text NOT NULL,
    closes text NOT NULL,
    PRIMARY KEY (journal, run)
  ) WITH (fillfactor = 50);

CREATE TABLE penstock.closes (
    journal integer NOT NULL REFERENCES penstock.journals,
    seq bigint NOT NULL,
    decimals integer NOT NULL,
    fresh integer NOT NULL,
    bytes bytea NOT NULL,
    before bigint,
    state bytea,
    PRIMARY KEY (journal, seq)
  );

CREATE TABLE penstock.heartbeats (
    journal integer PRIMARY KEY REFERENCES penstock.journals,
    run integer NOT NULL,
    seq bigint NOT NULL,
    time bigint NOT NULL,
    pid bigint NOT NULL,
    trades bigint NOT NULL,
    trades_per_second bigint NOT NULL,
    lag_ms bigint,
    price numeric,
    price_time bigint
  ) WITH (fillfactor = 50);

CREATE TABLE penstock.requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    journal integer NOT NULL REFERENCES penstock.journals,
    run integer NOT NULL,
    kind text NOT NULL CHECK (length(kind) <= 40),
    time bigint NOT NULL CHECK (time BETWEEN 0 AND 9007199254740991),
    content text NOT NULL CHECK (length(content) <= 10000)
  );

CREATE INDEX requests_by_journal ON penstock.requests (journal, id);

CREATE TABLE penstock.sweeps (
    sweep bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL UNIQUE,
    content text NOT NULL
  );

CREATE TABLE penstock.workers (
    worker uuid PRIMARY KEY,
    version text NOT NULL,
    called text NOT NULL,
    lacks text[] NOT NULL DEFAULT '{}',
    expires timestamptz NOT NULL
  ) WITH (fillfactor = 50);

CREATE TABLE penstock.tasks (
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
  ) WITH (fillfactor = 50);

ALTER TABLE penstock.tasks ALTER result SET STORAGE EXTERNAL;

CREATE INDEX tasks_waiting ON penstock.tasks (version, task) WHERE state = 'waiting';

CREATE INDEX tasks_taken ON penstock.tasks (expires) WHERE state = 'taken';

CREATE INDEX tasks_by_sweep ON penstock.tasks (sweep, task);

INSERT INTO penstock.version VALUES (true, 2);

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_writer') THEN GRANT USAGE ON SCHEMA penstock TO penstock_writer; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_reader') THEN GRANT USAGE ON SCHEMA penstock TO penstock_reader; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_sweeper') THEN GRANT USAGE ON SCHEMA penstock TO penstock_sweeper; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_worker') THEN GRANT USAGE ON SCHEMA penstock TO penstock_worker; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_writer') THEN GRANT SELECT ON ALL TABLES IN SCHEMA penstock TO penstock_writer; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_reader') THEN GRANT SELECT ON ALL TABLES IN SCHEMA penstock TO penstock_reader; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_sweeper') THEN GRANT SELECT ON penstock.version, penstock.sweeps, penstock.tasks, penstock.workers TO penstock_sweeper; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_worker') THEN GRANT SELECT ON penstock.version, penstock.sweeps, penstock.tasks, penstock.workers TO penstock_worker; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_writer') THEN GRANT INSERT (name), UPDATE (seq, hash, token, expires, session, address, pid) ON penstock.journals TO penstock_writer; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_writer') THEN GRANT INSERT ON penstock.entries TO penstock_writer; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_writer') THEN GRANT INSERT, UPDATE ON penstock.states TO penstock_writer; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_writer') THEN GRANT INSERT, UPDATE ON penstock.heartbeats TO penstock_writer; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_writer') THEN GRANT INSERT, DELETE ON penstock.closes TO penstock_writer; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_writer') THEN GRANT INSERT, DELETE ON penstock.requests TO penstock_writer; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_sweeper') THEN GRANT INSERT (key, content) ON penstock.sweeps TO penstock_sweeper; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_sweeper') THEN GRANT INSERT (key, copy, sweep, version, input, content) ON penstock.tasks TO penstock_sweeper; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_sweeper') THEN GRANT UPDATE (state, token, expires, lost, failure, result) ON penstock.tasks TO penstock_sweeper; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_worker') THEN GRANT UPDATE (state, token, expires, worker, called, lost, failure, result) ON penstock.tasks TO penstock_worker; END IF;
  END $$;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'penstock_worker') THEN GRANT INSERT, UPDATE, DELETE ON penstock.workers TO penstock_worker; END IF;
  END $$;

COMMIT;
