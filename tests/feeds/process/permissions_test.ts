/** Permissions queried and dropped, each time in its own process. Dropped permissions stay dropped. */
import { assertEquals } from "@std/assert";
import { PUBLIC_HOSTS } from "../../../src/domain/alarms/service_address.ts";
import { EXCHANGE_NAMES, hostsOf } from "../../../src/exchanges/hosts.ts";
import type { Probe, Probed } from "../permission_probe.ts";

const PROBE = new URL("../permission_probe.ts", import.meta.url).pathname;
const [STREAM, MARKET_DATA, REST] = hostsOf("binance") as [string, string, string, string];
const LOCK = "data/penstock.db.lock";

async function probe(flags: readonly string[], asked: Partial<Probe> = {}): Promise<Probed> {
  const what: Probe = { needs: null, paths: [], questions: [], ...asked };
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...flags, PROBE, JSON.stringify(what)],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

function net(...hosts: readonly string[]): Deno.PermissionDescriptor[] {
  return hosts.map((host) => ({ name: "net", host }));
}

Deno.test("dropPermissions() keeps the hosts and files that are named, and nothing else", async () => {
  const { printed, granted } = await probe(
    [
      `--allow-net=${hostsOf("binance")},127.0.0.1`,
      "--allow-read=data,.",
      "--allow-write=data",
      "--allow-env",
      "--allow-run",
      "--allow-sys",
    ],
    {
      needs: { hosts: [STREAM, REST], writes: [LOCK], folder: null },
      paths: ["data/penstock.db"],
      questions: [
        ...net(STREAM, REST, MARKET_DATA, "127.0.0.1", "127.0.0.1:9001"),
        { name: "write", path: LOCK },
        { name: "write", path: "data/penstock.db" },
        { name: "write", path: "data" },
        { name: "read", path: "data" },
        { name: "read", path: "deno.json" },
        ...(["env", "run", "sys", "ffi", "net", "read", "write"] as const).map((name) => ({ name })),
      ],
    },
  );
  assertEquals(
    printed,
    `permissions kept: network to ${STREAM}, network to ${REST}, writing ${LOCK}; all others are dropped`,
  );
  assertEquals(granted, [true, true, false, false, false, true, ...Array(11).fill(false)]);
});

Deno.test("dropPermissions() drops the services for alarms that are not used", async () => {
  const { printed, granted } = await probe([`--allow-net=127.0.0.1,${PUBLIC_HOSTS}`], {
    needs: { hosts: [PUBLIC_HOSTS[1]!], writes: [], folder: null },
    questions: net(...PUBLIC_HOSTS, "127.0.0.1"),
  });
  assertEquals(printed, `permissions kept: network to ${PUBLIC_HOSTS[1]}; all others are dropped`);
  assertEquals(granted, [false, true, false, false, false]);
});

Deno.test("dropPermissions() narrows loopback to the one port that is needed", async () => {
  const { granted } = await probe(["--allow-net=127.0.0.1"], {
    needs: { hosts: ["127.0.0.1:9001"], writes: [], folder: null },
    questions: net("127.0.0.1:9001", "127.0.0.1:9002"),
  });
  assertEquals(granted, [true, false]);
});

Deno.test("dropPermissions() reports that it keeps the whole network, and drops writing anywhere", async () => {
  const { printed, granted } = await probe(["--allow-all"], {
    needs: { hosts: [STREAM], writes: [LOCK], folder: null },
    paths: ["data/penstock.db"],
    questions: [...net(MARKET_DATA), { name: "read" }, { name: "write" }, { name: "write", path: LOCK }],
  });
  assertEquals(
    printed,
    "permissions kept: network to any host (granted without limits); all others are dropped",
  );
  assertEquals(granted, [true, false, false, false]);
});

Deno.test("dropPermissions() keeps writing anywhere if that was granted and a file must be written again and again", async () => {
  const { printed, granted } = await probe(["--allow-all"], {
    needs: { hosts: [], writes: ["data/alarms.json"], mustWrite: true, folder: null },
    paths: ["data/penstock.db", "data/alarms.json"],
    questions: [{ name: "write", path: "data/alarms.json" }],
  });
  assertEquals([granted, printed.includes("writing anywhere (granted without limits)")], [[true], true]);
});

Deno.test("dropPermissions() keeps reading only the named files, and everything only if that was granted", async () => {
  const [log, other] = ["data/penstock.db-wal", "data/other.db"];
  const needs = { hosts: [STREAM], writes: [LOCK], reads: [log, LOCK], folder: null };
  const questions = [log, LOCK, other, "data", "deno.json"].map((path) => ({ name: "read", path } as const));
  const asked = { needs, paths: ["data/penstock.db"], questions: [...questions, { name: "read" } as const] };
  for (const flag of ["--allow-read=.", "--allow-read=data", "--allow-read=./data,."]) {
    const { printed, granted } = await probe([flag, "--allow-write=data"], asked);
    assertEquals(
      printed,
      `permissions kept: writing ${LOCK}, reading ${log}, reading ${LOCK}; all others are dropped`,
    );
    assertEquals(granted, [true, true, false, false, false, false], flag);
  }
  const { printed, granted } = await probe(["--allow-read"], asked);
  assertEquals(
    printed,
    "permissions kept: reading anywhere (granted without limits); all others are dropped",
  );
  assertEquals(granted, Array(6).fill(true));
});

Deno.test("dropPermissions() reports if it keeps nothing, and accepts grants for folders above a file", async () => {
  const { printed, granted } = await probe(["--allow-write=/srv/penstock,/srv"], {
    needs: { hosts: [STREAM], writes: [], folder: null },
    paths: ["/srv/penstock/day.txt.gz"],
    questions: [{ name: "write", path: "/srv" }, { name: "write", path: "/srv/penstock/day.txt.gz" }],
  });
  assertEquals(printed, "permissions kept: none; all others are dropped");
  assertEquals(granted, [false, false]);
});

Deno.test("dropPermissions() keeps a folder of recordings, whatever is above it, beside it or in it", async () => {
  const questions = ["data/rec", "data/rec/a.txt.gz", LOCK, "data/penstock.db", "data", "."].map((path) => ({
    name: "write" as const,
    path,
  }));
  const needs = { hosts: [], writes: [LOCK], folder: "data/rec" };
  for (const paths of [["data/penstock.db"], ["data/rec/penstock.db", "data/penstock.db"]]) {
    const { printed, granted } = await probe(["--allow-read=.", "--allow-write=./data"], {
      needs,
      paths,
      questions,
    });
    assertEquals(printed, `permissions kept: writing ${LOCK}, writing data/rec; all others are dropped`);
    assertEquals(granted, [true, true, true, false, false, false]);
  }
});

Deno.test("dropPermissions() keeps reading the folder of recordings too, wherever the journal is", async () => {
  const questions = ["data/rec/a.txt.gz", "data/other.db", "deno.json"].map((path) => ({
    name: "read" as const,
    path,
  }));
  for (const journal of ["data/penstock.db", "data/rec/penstock.db"]) {
    for (const grants of [".", "data", "./data,."]) {
      const { printed, granted } = await probe([`--allow-read=${grants}`, "--allow-write=./data"], {
        needs: { hosts: [], writes: [LOCK], reads: [journal, "data/rec"], folder: "data/rec" },
        paths: [journal],
        questions,
      });
      const kept = `writing ${LOCK}, writing data/rec, reading ${journal}, reading data/rec`;
      assertEquals(printed, `permissions kept: ${kept}; all others are dropped`);
      assertEquals(granted, [true, false, false], grants);
    }
  }
});

Deno.test("dropPermissions() keeps a folder that was itself granted, and writing anywhere if that was granted", async () => {
  const needs = { hosts: [], writes: [LOCK], folder: "./data" };
  const questions = ["data/a.txt.gz", "x"].map((path) => ({ name: "write" as const, path }));
  const own = await probe(["--allow-write=data"], { needs, paths: ["data/penstock.db"], questions });
  assertEquals(own.granted, [true, false]);
  const any = await probe(["--allow-write", "--allow-read"], {
    needs,
    paths: ["data/penstock.db"],
    questions: [...questions, { name: "read" }],
  });
  assertEquals(any.granted, [true, true, false]);
  assertEquals(
    any.printed,
    "permissions kept: writing anywhere (granted without limits); all others are dropped",
  );
});

Deno.test("lockedExchange() returns the exchange whose hosts alone are granted", async () => {
  for (const name of EXCHANGE_NAMES) {
    assertEquals((await probe([`--allow-net=${hostsOf(name)}`])).locked, name);
  }
  assertEquals((await probe([`--allow-net=${EXCHANGE_NAMES.flatMap(hostsOf)}`])).locked, null);
  assertEquals((await probe([])).locked, null);
});
