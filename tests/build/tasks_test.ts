/** The tasks of deno.json: one for every command, with exactly these permissions. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type CommandName, COMMANDS } from "../../src/config/command_name.ts";
import { PUBLIC_HOSTS } from "../../src/domain/alarms/service_address.ts";
import { EXCHANGE_NAMES, hostsOf } from "../../src/exchanges/hosts.ts";
import { RUNTIME_SETTINGS } from "../../src/feeds/process/environment.ts";
import { ALARMS_FILE } from "../../src/stores/alarms/alarm_memory.ts";
import { filesOf } from "../../src/stores/files/whole_file.ts";

interface Task {
  readonly description: string;
  readonly command: string;
}

const { tasks, permissions } = JSON.parse(
  Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)),
) as {
  readonly tasks: Readonly<Record<string, Task>>;
  readonly permissions: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/** Everything of a kind, or a list. */
type Grants = Readonly<Record<string, true | readonly string[]>>;

/** The permissions of a command line, from a set in deno.json or from its flags, but not from both. */
function grantsOf(command: string): Grants {
  const [, set] = / -P=(\S+)/.exec(command) ?? [];
  const flags = [...command.matchAll(/ --allow-([a-z]+)(?:=(\S+))?/g)];
  assert(!/ (-A|--allow-all|--permission-set|-P( |$)|-[RWNESI]\b)/.test(command), command);
  if (set === undefined) {
    return Object.fromEntries(
      flags.map(([, kind, what]) => [kind, what === undefined ? true : what.split(",")]),
    );
  }
  assertEquals(flags.length, 0, `a flag takes the place of what the set says: ${command}`);
  return Object.fromEntries(
    Object.entries(permissions[set]!).map(([kind, what]) => {
      const isListed = typeof what === "object" && what !== null && "allow" in what;
      return [kind, (isListed ? what.allow : what) as true | readonly string[]];
    }),
  );
}

const LOOPBACK = "127.0.0.1";
const ALL_HOSTS = EXCHANGE_NAMES.flatMap(hostsOf);
const SETTINGS = [...RUNTIME_SETTINGS.map(({ name }) => name), "TERM"];
const LIVE: Grants = { net: [LOOPBACK, ...ALL_HOSTS], read: ["."], write: ["./data"], env: SETTINGS };
const REQUEST: Grants = { read: ["."], write: ["./data"] };

const GRANTED: Readonly<Record<CommandName | "start" | "alarms", Grants>> = {
  run: LIVE,
  start: LIVE,
  demo: { ...LIVE, net: [LOOPBACK] },
  exchange: { net: [LOOPBACK], read: true, env: ["TERM"] },
  backtest: { read: true, write: true, env: ["TERM"] },
  sweep: { read: true, write: true, env: ["TERM"] },
  worker: { net: [LOOPBACK], read: ["."], env: ["PGPASSWORD", "TERM"] },
  status: { read: true },
  watch: { net: [LOOPBACK], read: ["."], env: ["TERM"] },
  // What it does not need, it drops once it listens.
  alarms: {
    net: [LOOPBACK, ...PUBLIC_HOSTS],
    read: ["."],
    write: filesOf(ALARMS_FILE).map((path) => `./${path}`),
    env: ["TERM"],
  },
  doctor: LIVE,
  export: { read: true, write: ["./data"] },
  report: { read: true, write: ["."] },
  compare: { read: true },
  halt: REQUEST,
  release: REQUEST,
  resume: REQUEST,
  verify: { read: true, env: ["TERM"] },
  config: { read: ["."] },
};

Deno.test("the tasks of deno.json grant their commands exactly these permissions, and never prompt", () => {
  for (const [name, grants] of Object.entries(GRANTED)) {
    const { command } = tasks[name]!;
    assertEquals(grantsOf(command), grants, name);
    assertMatch(command, /^deno run (-q )?--no-prompt /, name);
  }
});

/** Hosts of tasks that run no command of the program: one fetches the checksums of Deno's bases. */
const OTHER_HOSTS: Readonly<Record<string, readonly string[]>> = {
  denort: [
    "dl.deno.land",
    "github.com",
    "objects.githubusercontent.com",
    "release-assets.githubusercontent.com",
  ],
  // An address of this machine's own, which other network namespaces reach.
  partition: ["203.0.113.254"],
};

/**
 * The only task without limits. Playwright looks for a file in /proc, which Deno allows only together with everything
 * else. It runs the program as a process with its own permissions.
 */
const UNLIMITED = {
  name: "test:browser",
  command:
    "DENO_JOBS=4 deno test --parallel -q --no-check --no-prompt --config web/deno.json --allow-all tests/browser",
};

Deno.test("no task of deno.json reaches a host that the program does not name, except those for checksums, namespaces and a browser", () => {
  for (const [name, { command }] of Object.entries(tasks)) {
    if (name === UNLIMITED.name) {
      assertEquals(command, UNLIMITED.command);
      continue;
    }
    const known = new Set([LOOPBACK, "localhost", ...ALL_HOSTS, ...PUBLIC_HOSTS, ...OTHER_HOSTS[name] ?? []]);
    for (const part of command.split(/&&?/)) {
      const { net = [] } = grantsOf(part);
      assert(net !== true && net.every((host) => known.has(host)), `${name} grants ${net}`);
    }
  }
});

Deno.test("every command is a task with the description from help, and start is another name for run", () => {
  for (const [name, description] of Object.entries(COMMANDS)) {
    assertEquals(tasks[name]?.description, description, name);
    assertMatch(tasks[name]!.command, new RegExp(` main\\.ts ${name}$`));
  }
  assertEquals(tasks["start"]!.command, tasks["run"]!.command);
  assertEquals(tasks["alarms"]!.command, tasks["watch"]!.command.replace("-P=watch", "-P=alarms"));
});

Deno.test("every task has a short description, and no command of the program is a wall of flags", () => {
  for (const [name, { description, command }] of Object.entries(tasks)) {
    assertMatch(description, /^\S.{2,78}[^.\s]$/, name);
    if (Object.hasOwn(COMMANDS, name)) assert(command.length < 140, `${name}: ${command.length} characters`);
  }
});
