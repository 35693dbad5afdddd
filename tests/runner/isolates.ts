/**
 * Which test files share an isolate. Every isolate loads and compiles again all that its files import, which takes longer
 * than the tests of most files.
 *
 * Files share an isolate with others of their folder in `tests/`, as long as all of them together have no more than
 * `SHARED_BYTES` of source. A new file needs no entry here unless it takes very long.
 */

/** A test file: its path from the project's folder, with `/`, and its length. */
export interface TestFile {
  readonly path: string;
  readonly bytes: number;
}

/** The files of one isolate, and a name for it. */
export interface Isolate {
  readonly name: string;
  readonly paths: readonly string[];
}

/** Files that run only if they are named, each with the task that names it and the reason. */
export const LEFT_OUT: Readonly<Record<string, readonly [task: string, reason: string]>> = {
  "tests/soak/soak_test.ts": ["test:soak", "it takes two minutes"],
  "tests/commands/run_flood_test.ts": ["test:memory", "it measures memory while nothing else runs"],
  "tests/feeds/files/inflate_source_test.ts": ["test:memory", "it measures memory while nothing else runs"],
};

/**
 * Files that take about ten seconds or more, many of them because they wait; the longest first. Each has an isolate of
 * its own and starts before all others, so that none of them still runs when everything else has ended.
 */
export const LONG: readonly string[] = [
  "tests/simulation/simulation_test.ts",
  "tests/commands/run_output_test.ts",
  "tests/lockdown/compile_test.ts",
  "tests/lockdown/lockdown_test.ts",
  "tests/stores/journal/postgres/statement_faults_test.ts",
  "tests/feeds/live/live_feed_faults_test.ts",
  "tests/stores/journal/postgres/postgres_lease_test.ts",
  "tests/commands/run_gaps_test.ts",
  "tests/commands/run_signals_test.ts",
  "tests/commands/hostile_stream_test.ts",
  "tests/commands/record_folder_test.ts",
  "tests/feeds/live/live_feed_test.ts",
  "tests/stores/queue/task_queue_test.ts",
  "tests/stages/guarded_test.ts",
  "tests/commands/run_instrument_test.ts",
  "tests/feeds/live/trade_socket_test.ts",
  "tests/commands/standby_test.ts",
  "tests/stages/blocks_test.ts",
  "tests/commands/bars_test.ts",
  "tests/commands/run_survival_test.ts",
  "tests/docs/commands_test.ts",
];

/** The source that the files of one isolate have together, at most; a longer file is alone. */
export const SHARED_BYTES = 200_000;

/** The folder in `tests/` that a file is in, however deep; of any other file, its own folder. */
function folderOf(path: string): string {
  const folders = path.split("/").slice(0, -1);
  return (folders[0] === "tests" ? folders[1] : folders.at(-1)) ?? "tests";
}

const nameOf = (path: string): string => path.split("/").at(-1)!.replace(/\.\w+$/, "");

/**
 * Every one of `files` in one isolate, in the order in which they should start: long files, then the others, those with
 * the most source first. Within an isolate they keep their order.
 */
export function isolatesOf(files: readonly TestFile[]): Isolate[] {
  const long = LONG.filter((path) => files.some((file) => file.path === path));
  const shared: { readonly folder: string; readonly paths: string[]; bytes: number }[] = [];
  for (const { path, bytes } of files) {
    if (long.includes(path)) continue;
    const folder = folderOf(path);
    const last = shared.findLast((isolate) => isolate.folder === folder);
    if (last !== undefined && last.bytes + bytes <= SHARED_BYTES) {
      last.paths.push(path);
      last.bytes += bytes;
    } else shared.push({ folder, paths: [path], bytes });
  }
  shared.sort((a, b) => b.bytes - a.bytes);
  return [
    ...long.map((path) => ({ name: nameOf(path), paths: [path] })),
    ...shared.map(({ folder, paths }) => ({ name: paths.length > 1 ? folder : nameOf(paths[0]!), paths })),
  ];
}
