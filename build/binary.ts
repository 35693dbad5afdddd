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
 * A young generation of one size, small, but large enough that a batch of frames is garbage before it counts
 * as old, and less of what makes V8 larger. See docs/speed.md.
 */
export const V8_FLAGS = [
  "--min-semi-space-size=2",
  "--max-semi-space-size=2",
  "--no-maglev",
  "--memory-saver-mode",
];

/**
 * Baked in as defaults of the environment. A proxy in the environment would carry everything past `--allow-net`; with
 * these no proxy is used. Setting NO_PROXY to nothing allows one.
 */
export const ENVIRONMENT = { NO_PROXY: "*" } as const;

/** A host with its port, as a permission names it. */
const HOST = /^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\]):\d{1,5}$/;

/** Whether a text is one host with its port, and not more. */
export function isHost(text: string): boolean {
  return HOST.test(text);
}

/**
 * The permissions of a program locked to `exchange`: its hosts, the folder `data`, TERM, and the variables
 * that set up the runtime. With a `stateHost` also that one, for its database, and PGPASSWORD; with a `dataHost` also
 * that one, for files of sweeps. It has
 * nothing else, and asks for nothing.
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
 * The hosts in the values of `--notify-host`, as `host:port`, of TLS unless a port is given; or what is wrong with one of
 * them, as a sentence.
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
 * The program's file name: `penstock`, with the exchange if it is not the default, or with `watch` if it only watches, and
 * the machine if one is named.
 */
export function fileName(exchange: ExchangeName | "watch", target: Target | null): string {
  const variant = exchange === "binance" ? "" : `-${exchange}`;
  const machine = target === null ? "" : `-${target}`;
  const isWindows = target === null ? Deno.build.os === "windows" : target.includes("windows");
  return `penstock${variant}${machine}${isWindows ? ".exe" : ""}`;
}

/**
 * The parts of npm packages that the program uses. Without this a package is embedded whole, with other
 * builds of the same code, types and its authors' scripts; a package that is not here still is.
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
