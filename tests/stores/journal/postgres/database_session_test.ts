/** Shows how a session reaches a server: what it trusts, what it says, and what it does when no answer comes. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { readDatabasePlace } from "../../../../src/domain/run/database_place.ts";
import { DatabaseAway, DatabaseRefusal } from "../../../../src/stores/journal/postgres/database_failure.ts";
import { secretsOf } from "../../../../src/stores/journal/postgres/database_secrets.ts";
import { DatabaseSession } from "../../../../src/stores/journal/postgres/database_session.ts";
import { certificateFor, noOpenssl } from "../../../support/certificates.ts";
import { noPostgres, PostgresServer } from "../../../support/postgres_server.ts";

const ignore = noPostgres || noOpenssl;
const PASSWORD = "hunter2 é:@";

async function started(): Promise<{ readonly server: PostgresServer; readonly folder: string }> {
  const own = await certificateFor("DNS:localhost");
  const other = await certificateFor("DNS:localhost");
  const server = await PostgresServer.start({
    settings: { ssl: "on", synchronous_commit: "off" },
    files: { "server.crt": own.certificate, "server.key": own.key },
    access: [
      "host all postgres 127.0.0.1/32 trust",
      "hostssl all ann 127.0.0.1/32 scram-sha-256",
      "hostssl all ann ::1/128 scram-sha-256",
    ],
  });
  await server.sql("postgres", `CREATE ROLE ann LOGIN PASSWORD '${PASSWORD}'`);
  const folder = await Deno.makeTempDir({ prefix: "penstock_" });
  await Deno.writeTextFile(`${folder}/own.pem`, own.certificate);
  await Deno.writeTextFile(`${folder}/other.pem`, other.certificate);
  await Deno.writeTextFile(`${folder}/password`, `${PASSWORD}\n`);
  await Deno.writeTextFile(`${folder}/wrong`, "guess");
  return { server, folder };
}

const { server, folder } = ignore ? { server: null!, folder: "" } : await started();
addEventListener("unload", () => folder !== "" && Deno.removeSync(folder, { recursive: true }));

function open(
  rest: string,
  { user = "ann", host = "localhost", patienceMs = 10_000 } = {},
): Promise<DatabaseSession> {
  const place = readDatabasePlace(server.url("postgres", { user, host, rest }));
  return DatabaseSession.open(place, { ...secretsOf(place), patienceMs });
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `DatabaseSession ${name}`, ignore, fn });
}

Deno.test({
  name:
    "DatabaseSession checks the certificate of the server and its name, and logs in with the password of a file",
  ignore,
  fn: async () => {
    const rest = `?sslmode=verify-full&passwordfile=${folder}/password&sslrootcert=${folder}`;
    await using session = await open(`${rest}/own.pem`);
    const [row] = await session.query(
      "SELECT ssl, current_user AS name FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    );
    assertEquals(row, { ssl: "t", name: "ann" });
    const refused = async (why: string, url: string, host = "localhost") => {
      const { message } = await assertRejects(() => open(url, { host }), DatabaseRefusal);
      assertStringIncludes(message, why);
      assert(!message.includes("hunter2"), message);
    };
    await refused("is not trusted", `${rest}/other.pem`);
    await refused("is not trusted", `?sslmode=verify-full&passwordfile=${folder}/password`);
    // The certificate is for another name.
    await refused("is not trusted", `${rest}/own.pem`, "127.0.0.1");
    await refused(
      "does not accept the password of ann",
      `?sslmode=verify-full&passwordfile=${folder}/wrong&sslrootcert=${folder}/own.pem`,
    );
    await refused(
      "does not let ann connect this way",
      `?sslmode=disable&passwordfile=${folder}/password`,
      "127.0.0.1",
    );
    assertStringIncludes(
      assertThrows(() => secretsOf(readDatabasePlace("postgres://a@b/c?passwordfile=none")), DatabaseRefusal)
        .message,
      "the password file none cannot be read",
    );
  },
});

test("says that there is no such database, or nothing at that port", async () => {
  await assertRejects(
    () =>
      DatabaseSession.open(readDatabasePlace(server.url("none")), {
        password: null,
        certificates: null,
        patienceMs: 9_000,
      }),
    DatabaseRefusal,
    "there is no database none. Create it: createdb none",
  );
  const nowhere = readDatabasePlace("postgres://ann@127.0.0.1:1/x");
  await assertRejects(
    () => DatabaseSession.open(nowhere, { password: null, certificates: null, patienceMs: 9_000 }),
    DatabaseAway,
    "127.0.0.1:1: nothing listens there",
  );
});

test("returns every value as text, makes commits wait for the disk, and continues after a refusal", async () => {
  await using session = await open("", { user: "postgres" });
  const [row] = await session.query(
    "SELECT 9007199254740993::bigint AS big, 1.10::numeric AS exact, $1::text AS given",
    ["é\n"],
  );
  assertEquals(row, { big: "9007199254740993", exact: "1.10", given: "é\n" });
  assertEquals(await session.query("SHOW synchronous_commit"), [{ synchronous_commit: "on" }]);
  await assertRejects(
    () => session.query("SELECT 1 / $1::integer", [0]),
    DatabaseRefusal,
    "division by zero",
  );
  assertEquals(await session.query("SELECT 1 AS one"), [{ one: "1" }]);
});

test("is lost for good once its connection ends, or no answer comes in time", async () => {
  await using ended = await open("", { user: "postgres" });
  const [row] = await ended.query("SELECT pg_backend_pid() AS pid");
  const waiting = assertRejects(() => ended.query("SELECT pg_sleep(60)"), DatabaseAway);
  await server.sql("postgres", `SELECT pg_terminate_backend(${row!.pid})`);
  await waiting;
  assertEquals(ended.isOpen, false);
  await assertRejects(() => ended.query("SELECT 1"), DatabaseAway);

  await using slow = await open("", { user: "postgres", patienceMs: 100 });
  const both = [slow.query("SELECT pg_sleep(60)"), slow.query("SELECT 1")];
  for (const query of both) await assertRejects(() => query, DatabaseAway, "no answer within 100 ms");
  assertEquals(slow.isOpen, false);
});

test("stops waiting for a server that accepts connections and never answers", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  for (const mode of ["disable", "verify-full"]) {
    const place = readDatabasePlace(`postgres://ann@127.0.0.1:${listener.addr.port}/x?sslmode=${mode}`);
    const opening = DatabaseSession.open(place, { password: null, certificates: null, patienceMs: 100 });
    await assertRejects(() => opening, DatabaseAway, "no answer within 100 ms");
  }
  (await accepted).close();
});
