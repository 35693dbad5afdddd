/** Shows how the URL of a database is read. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  databaseHost,
  isInDatabase,
  readDatabasePlace,
  withJournal,
  withoutPassword,
} from "../../../src/domain/run/database_place.ts";

Deno.test("readDatabasePlace() reads every part of a URL", () => {
  const url =
    "postgresql://a%40b@db.internal:6543/fleet?sslrootcert=data/ca.pem&passwordfile=data/pass#btc_1.2-x";
  assertEquals(readDatabasePlace(url), {
    host: "db.internal",
    port: 6543,
    user: "a@b",
    database: "fleet",
    isVerified: true,
    rootCertificate: "data/ca.pem",
    passwordFile: "data/pass",
    journal: "btc_1.2-x",
  });
  assertEquals(readDatabasePlace("postgres://a@[2001:db8::7]/b").host, "2001:db8::7");
  assertEquals(databaseHost({ host: "2001:db8::7", port: 1 }), "[2001:db8::7]:1");
  assertEquals(readDatabasePlace("postgres://a@b:443/c").port, 443);
});

Deno.test("readDatabasePlace() verifies every host but this machine, unless it is told not to", () => {
  const verified = (rest: string) => readDatabasePlace(`postgres://a@${rest}`).isVerified;
  assertEquals(["127.0.0.1/b", "localhost:1/b", "[::1]/b"].map(verified), [false, false, false]);
  assertEquals(["db/b", "10.0.0.1/b", "127.0.0.1.evil.com/b", "db/b?sslmode=verify-full"].map(verified), [
    ...[true, true, true, true],
  ]);
  assertEquals(["db/b?sslmode=disable", "localhost/b?sslmode=verify-full"].map(verified), [false, true]);
  for (const mode of ["require", "prefer", "allow", "verify-ca", ""]) {
    assertThrows(() => verified(`db/b?sslmode=${mode}`), RangeError, "anyone could answer");
  }
});

Deno.test("readDatabasePlace() refuses a password, and never repeats it", () => {
  for (
    const url of [
      "postgres://ann:hunter2@db/fleet",
      "postgres://ann:hun:t@er2@db/fleet#x",
      "postgres://ann:hunter2@",
    ]
  ) {
    const { message } = assertThrows(() => readDatabasePlace(url), RangeError);
    assertEquals(/hun|er2/.test(message), false, message);
    assertEquals(/hun|er2/.test(withoutPassword(url)), false);
  }
  assertEquals(withoutPassword("postgres://ann:hunter2@db/fleet#x"), "postgres://ann:…@db/fleet#x");
  for (const other of ["data/a:b@c.db", "postgres://ann@db/fleet#x"]) {
    assertEquals(withoutPassword(other), other);
  }
  assertThrows(() => readDatabasePlace("postgres://ann:hunter2@db/fleet"), RangeError, "PGPASSWORD");
});

Deno.test("readDatabasePlace() names what is missing, and what it does not know", () => {
  const expected: Record<string, string> = {
    "postgres://": "postgres://USER@HOST:PORT/DATABASE",
    "postgres://ann@/fleet": "postgres://USER@HOST:PORT/DATABASE",
    "postgres://db/fleet": "a user",
    "postgres://ann@db": "a database",
    "postgres://ann@db/": "a database",
    "postgres://ann@db/a/b": "only a database",
    "postgres://ann@db:x/a": "postgres://USER@HOST:PORT/DATABASE",
    "postgres://ann@db/a?password=x": 'no "password"',
    "postgres://ann@db/a#": "",
    "postgres://ann@db/a#two words": "name of a journal",
    "postgres://ann@db/%zz": "%25",
  };
  for (const [url, part] of Object.entries(expected)) {
    if (part === "") assertEquals(readDatabasePlace(url).journal, null);
    else assertStringIncludes(assertThrows(() => readDatabasePlace(url), RangeError).message, part);
  }
});

Deno.test("withJournal() names a journal, and isInDatabase() distinguishes a database from a file", () => {
  assertEquals(withJournal("postgres://a@b/c", "x"), "postgres://a@b/c#x");
  assertEquals(withJournal("postgres://a@b/c?sslmode=disable#y", "x"), "postgres://a@b/c?sslmode=disable#x");
  assertEquals(
    ["postgres://x", "postgresql://x", "postgres.db", "./postgres://x", "data/postgres:"].map(isInDatabase),
    [
      ...[true, true, false, false, false],
    ],
  );
});
