/** How Penstock is compiled: the only place with the flags of `deno compile`. */
import { exchangeAt, type ExchangeName, hostsOf } from "../src/exchanges/hosts.ts";
import { READ_VARIABLES } from "../src/feeds/process/environment.ts";
import { ALARMS_FILE } from "../src/stores/alarms/alarm_memory.ts";
import { filesOf } from "../src/stores/files/whole_file.ts";

/** The machines that `deno task compile:all` builds for, as Deno names them. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

/** The name of a machine. */
export type Target = (typeof TARGETS)[number];

/**
 * A young generation of a fixed size, small, but large enough that a batch of frames is garbage before it counts as
 * old, and options that make V8 smaller. See docs/speed.md.
 */
export const V8_FLAGS = [
  "--min-semi-space-size=2",
  "--max-semi-space-size=2",
  "--no-maglev",
  "--memory-saver-mode",
];

/**
 * Compiled in as defaults of the environment. A proxy in the environment would bypass `--allow-net`; with these
 * defaults no proxy is used. An empty NO_PROXY allows one.
 */
export const ENVIRONMENT = { NO_PROXY: "*" } as const;

/** A host with its port, in the form of a permission. */
const HOST = /^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\]):\d{1,5}$/;

/** Whether a text is one host with its port, and nothing else. */
export function isHost(text: string): boolean {
  return HOST.test(text);
}

/**
 * The permissions of a program locked to `exchange`: its hosts, the folder `data`, TERM, and the variables that set up
 * the runtime. A `stateHost` adds that host, for the database of journals, and PGPASSWORD; a `dataHost` adds that host,
 * for files of sweeps. The program has no other permissions, and asks for none.
 */
export function permissionFlags(
  exchange: ExchangeName,
  stateHost: string | null = null,
  dataHost: string | null = null,
): string[] {
  const hosts = [...hostsOf(exchange), ...[stateHost, dataHost].filter((host) => host !== null)];
  const variables = [...READ_VARIABLES, ...(stateHost === null ? [] : ["PGPASSWORD"])];
  return [
    "--no-prompt",
    "--deny-import",
    `--allow-net=${hosts.join(",")}`,
    "--allow-read=./data",
    "--allow-write=./data",
    `--allow-env=${variables.join(",")}`,
  ];
}

/**
 * The permissions of a program that only watches: it listens on loopback, reaches these hosts (`host:port`), reads the
 * folder `data`, and writes nothing but the memory of its alarms. It reaches no exchange and changes no journal. With a
 * `stateHost` it also reaches the database of its journals.
 */
export function watchFlags(hosts: readonly string[], stateHost: string | null = null): string[] {
  const reached = ["127.0.0.1", ...hosts, ...(stateHost === null ? [] : [stateHost])];
  const variables = [...READ_VARIABLES, ...(stateHost === null ? [] : ["PGPASSWORD"])];
  return [
    "--no-prompt",
    "--deny-import",
    `--allow-net=${reached.join(",")}`,
    "--allow-read=./data",
    `--allow-write=${filesOf(ALARMS_FILE).map((path) => `./${path}`).join(",")}`,
    `--allow-env=${variables.join(",")}`,
  ];
}

/**
 * The hosts in the values of `--notify-host`, as `host:port`, with the port of TLS unless one is given; or a sentence
 * about what is wrong with one of them.
 */
export function notifyHostsIn(values: readonly string[]): readonly string[] | string {
  const hosts = new Set<string>();
  for (const value of values.flatMap((list) => list.split(","))) {
    const [, name = "", port = "443"] = /^([a-z0-9.-]+)(?::(\d{1,5}))?$/i.exec(value) ?? [];
    const url = URL.parse(`https://${name}:${port}`);
    if (name === "" || url === null || url.hostname !== name.toLowerCase() || Number(port) === 0) {
      return `--notify-host is "${value}": expected a host such as api.telegram.org, or with a port ntfy.lan:8443`;
    }
    const exchange = exchangeAt(url.href);
    if (exchange !== null) {
      return `--notify-host is "${value}", a host of ${exchange}: a program that watches reaches no exchange`;
    }
    hosts.add(`${url.hostname}:${Number(port)}`);
  }
  return [...hosts];
}

/**
 * The program's file name: `penstock`, then the exchange if it is not the default, or `watch` if the program only
 * watches, then the machine if one is named.
 */
export function fileName(exchange: ExchangeName | "watch", target: Target | null): string {
  const variant = exchange === "binance" ? "" : `-${exchange}`;
  const machine = target === null ? "" : `-${target}`;
  const isWindows = target === null ? Deno.build.os === "windows" : target.includes("windows");
  return `penstock${variant}${machine}${isWindows ? ".exe" : ""}`;
}

/**
 * The parts of npm packages that the program uses. A package that is not listed here is embedded whole, with other
 * builds of the same code, types and its authors' scripts.
 */
export const USED_PARTS: Readonly<Record<string, readonly string[]>> = {
  "@zip.js/zip.js": ["package.json", "lib"],
  "decimal.js": ["package.json", "decimal.mjs"],
  "deno-std": ["package.json", "cli"],
  "fzstd": ["package.json", "esm"],
  "hyparquet": ["package.json", "src"],
  "hyparquet-compressors": ["package.json", "src"],
  "hyparquet-writer": ["package.json", "src"],
  "hysnappy": ["package.json", "js"],
  "postgres": ["package.json", "src"],
};
