/** Checks for `penstock doctor`: whether a run could keep its journal in a database. */
import { type CheckResult, fail, pass } from "../../../domain/process/check_result.ts";
import { databaseHost } from "../../../domain/run/database_place.ts";
import { MIGRATIONS, schemaVersion } from "./database_schema.ts";
import { type DatabaseLink, journalPlace } from "./database_link.ts";
import type { DatabaseSession } from "./database_session.ts";
import { leaseRow } from "./lease_row.ts";
import { numberOf } from "./postgres_entries.ts";
import { storeFailure } from "./store_failure.ts";

/** The oldest version of PostgreSQL that the statements support. */
const OLDEST = 14;
/**
 * The most that the clocks of the database and of this machine may differ, ms. A heartbeat has the time of the run's
 * machine, and readers compare it with their own clock.
 */
const CLOCK_MS = 1_000;

const SERVER = `SELECT current_setting('server_version') AS version,
  current_setting('server_version_num')::integer / 10000 AS main,
  (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS encrypted,
  floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
  has_database_privilege(current_database(), 'CREATE') AS may_make`;
/** What a run does to each table. */
const NEEDED: Readonly<Record<string, string>> = {
  entries: "SELECT,INSERT",
  states: "SELECT,INSERT,UPDATE",
  heartbeats: "SELECT,INSERT,UPDATE",
  closes: "SELECT,INSERT,DELETE",
  requests: "SELECT,INSERT,DELETE",
};
const RIGHTS = `SELECT name, may FROM unnest($1::text[], $2::text[]) AS needed (name, may)
  WHERE NOT has_table_privilege('penstock.' || name, may)`;
const EXCESS = `SELECT has_table_privilege('penstock.entries', 'UPDATE')
  OR has_table_privilege('penstock.entries', 'DELETE') AS more`;

/** The checks of the database in `path`, over a link from `linkTo`: server, clock, tables, privileges and lease. */
export async function examineDatabase(
  path: string,
  linkTo: (path: string) => DatabaseLink,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  const subject = "database";
  try {
    const { journal } = journalPlace(path);
    await using link = linkTo(path);
    const where = databaseHost(link.place);
    await link.use(async (session) => {
      results.length = 0;
      const { version, mayMake } = await server(session, where, results);
      results.push(version === 0 ? tablesToMake(mayMake) : tables(version));
      if (version !== MIGRATIONS.length) return;
      results.push(await privileges(session));
      const row = await leaseRow(session, journal);
      const ends = row?.endsInMs ?? null;
      results.push(
        ends === null || ends <= 0
          ? pass(subject, "lease", "free")
          : pass(subject, "lease", `held by ${row!.holder}, for another ${Math.ceil(ends / 1000)}s`),
      );
    });
  } catch (error) {
    const { message } = storeFailure("open", path, error);
    const [, found = message, advice = "See docs/fleet.md"] =
      /^Cannot open the journal \S+ (.*?)\. ([A-Z].*)\.$/s.exec(message) ?? [];
    results.push(fail(subject, "", found, advice));
  }
  return results;
}

/** Checks the server and its clock; returns the version of the tables, and whether this user may create them. */
async function server(session: DatabaseSession, where: string, results: CheckResult[]) {
  const subject = "database";
  const from = performance.now();
  await session.query("SELECT");
  const roundTripMs = performance.now() - from;
  const before = Date.now();
  const [row] = await session.query(SERVER);
  const clockMs = numberOf(row?.["now"]) - (before + Date.now()) / 2;
  const kind = row?.["encrypted"] === "t" ? "encrypted and verified" : "not encrypted";
  const found = `PostgreSQL ${row?.["version"]} at ${where}, ${kind}, ${
    roundTripMs.toFixed(1)
  } ms round trip`;
  results.push(
    numberOf(row?.["main"]) >= OLDEST
      ? pass(subject, "", found)
      : fail(subject, "", found, `Use PostgreSQL ${OLDEST} or newer`),
  );
  const difference = `${Math.abs(Math.round(clockMs))} ms ${
    clockMs < 0 ? "behind" : "ahead of"
  } this machine's`;
  results.push(
    Math.abs(clockMs) <= CLOCK_MS ? pass(subject, "clock", difference) : fail(
      subject,
      "clock",
      difference,
      "Set both clocks from a time server: status compares heartbeats with them",
    ),
  );
  return { version: await schemaVersion(session), mayMake: row?.["may_make"] === "t" };
}

function tablesToMake(mayMake: boolean): CheckResult {
  return mayMake ? pass("database", "tables", "none yet: a run creates them") : fail(
    "database",
    "tables",
    "none yet, and this user may not create them",
    "Create them as a user who may: psql -f deploy/postgres.sql",
  );
}

function tables(version: number): CheckResult {
  const known = MIGRATIONS.length;
  const found = `version ${version}`;
  if (version === known) return pass("database", "tables", found);
  if (version < known) return pass("database", "tables", `${found}: a run migrates them to version ${known}`);
  return fail("database", "tables", `${found}, made by a newer Penstock`, "Use that Penstock");
}

async function privileges(session: DatabaseSession): Promise<CheckResult> {
  const needed = Object.entries(NEEDED).flatMap(([name, all]) =>
    all.split(",").map((may) => [name, may] as const)
  );
  const list = (at: 0 | 1) => `{${needed.map((each) => each[at]).join(",")}}`;
  const lacking = await session.query(RIGHTS, [list(0), list(1)]);
  if (lacking.length > 0) {
    const found = `lacks ${lacking.map(({ name, may }) => `${may} on ${name}`).join(", ")}`;
    return fail("database", "rights", found, "Grant penstock_writer to this user; see docs/fleet.md");
  }
  const [row] = await session.query(EXCESS);
  return pass(
    "database",
    "rights",
    row?.["more"] === "t"
      ? "what a run needs, and more: this user may change entries, penstock_writer may not"
      : "what a run needs, which does not include changing entries",
  );
}
