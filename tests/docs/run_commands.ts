/**
 * A program that runs the pages' command lines that need nothing from outside, as written, in order, with a folder for
 * each page. Prints a JSON list of the lines that ran and that failed. With a page's path as an argument, it runs only
 * that page's. A demo that would run long ends after some seconds.
 */
import { aside, fixSurroundings, print, setClock, written } from "../../build/docs/fixed_surroundings.ts";
import { firstTrades } from "../../build/docs/made_files.ts";
import { VENUE_SAMPLES } from "../formats/venue_samples.ts";
import { commandLines, fences, PAGES, programArguments } from "./pages.ts";

/** The result of a command line. */
export interface Ran {
  readonly page: string;
  readonly line: string;
  readonly failure: string | null;
}

/** The files of other venues that the pages assume, and what finds the sample that is in each. */
const VENUE_FILES: readonly (readonly [name: string, sample: string])[] = [
  ["binance_trades_2022-01-01_BTCUSDT.csv.gz", "binance,BTCUSDT"],
  ["deribit_trades_2020-04-01_BTC-PERPETUAL.csv.gz", "deribit,BTC-PERPETUAL"],
  ["BTCUSDT2024-01-04.csv.gz", "1704326400.1000,BTCUSDT"],
  ["BTCUSDT_2025-05-19.csv.gz", "1747612800074"],
  ["BTC-USDT-SWAP-trades-2024-01-14.zip", "BTC-USDT-SWAP,720073478"],
  ["okx.json", `"instId":"BTC-USDT"`],
  ["XBTUSD.csv", "1381095255,122.0"],
  ["kraken.json", `"XXBTZUSD"`],
  ["coinbase.json", `"type":"match"`],
  ["coinbase.csv", "trade_id,side,size,price,time"],
  ["bitstamp.json", `"tid":"96551989"`],
  ["Binance_BTCUSD_PERP_trades_2023_02_13.csv", "btcusd_perp"],
  ["ccxt.json", `"takerOrMaker": null`],
];
/** Commands that need an exchange's hosts, or wait for a client. */
const OUTSIDE = ["run", "doctor", "watch"];
/** Commands that need a moving clock; the others wait for no timer. */
const CLOCKED = ["demo", "exchange", "halt", "release", "resume", "sweep"];
const LONGEST = "2s";

/** The rest of standard input. */
let input = new Uint8Array(0);
Deno.stdin.read = (into) => {
  const some = input.subarray(0, into.length);
  into.set(some);
  input = input.subarray(some.length);
  return Promise.resolve(some.length === 0 ? null : some.length);
};

const hasSqlite =
  new Deno.Command("sh", { args: ["-c", "command -v sqlite3"], stdout: "null" }).outputSync().success;
fixSurroundings();
const { penstock } = await import("../../build/docs/program.ts");
const folder = Deno.makeTempDirSync({ prefix: "penstock-pages-" });
const ran: Ran[] = [];
try {
  Deno.mkdirSync(`${folder}/start`);
  Deno.chdir(`${folder}/start`);
  await prepare();
  for (const [page, text] of PAGES) {
    if (Deno.args.length > 0 && !Deno.args.includes(page)) continue;
    const lines = commandLines(text);
    if (lines.every((line) => !isLocal(line))) continue;
    shell(`cp -r ${folder}/start ${folder}/now`);
    Deno.chdir(`${folder}/now`);
    for (const line of lines.filter(isLocal)) ran.push({ page, line, failure: await failureOf(line) });
    Deno.chdir(folder);
    Deno.removeSync(`${folder}/now`, { recursive: true });
  }
} finally {
  Deno.chdir("/");
  Deno.removeSync(folder, { recursive: true });
}
print(JSON.stringify(ran));
Deno.exit(0);

/** The files that the pages assume: downloads of the reader, and the output of earlier commands. */
async function prepare(): Promise<void> {
  Deno.mkdirSync("data");
  shell(`cp -r ${new URL("../../examples", import.meta.url).pathname} .`);
  const rows = firstTrades(4_000);
  const trades = rows.slice(0, 2_000).join("\n");
  for (const name of ["BTCUSDT-trades-2025-01-01.zip", "ETHUSDT-trades-2025-01-01.zip"]) {
    Deno.writeTextFileSync(name, trades);
  }
  Deno.writeTextFileSync("BTCUSDT-trades-2025-01-02.zip", rows.slice(2_000).join("\n"));
  const aggregates = Array.from(
    { length: 200 },
    (_, i) => `${i + 1},0.0000098${i % 7},900000,${i + 1},${i + 1},${1727740800000 + i},true,true`,
  );
  Deno.writeTextFileSync("PEPEUSDT-aggTrades-2024-10.zip", aggregates.join("\n"));
  const own = ["id,price,qty,time,is_buyer_maker", "1,60003.85,0.01666,1735689600000,true"];
  Deno.writeTextFileSync("trades.csv", own.join("\n"));
  for (const [name, sample] of VENUE_FILES) {
    const { text } = VENUE_SAMPLES.find(({ text }) => text.includes(sample))!;
    Deno.writeTextFileSync(name, text);
  }
  for (const [name, made] of [["trades", "texts"], ["other", "unnamed"]]) {
    Deno.copyFileSync(new URL(`../feeds/files/parquet/${made}.parquet`, import.meta.url), `${name}.parquet`);
  }
  const klines = Array.from({ length: 300 }, (_, minute) => {
    const time = 1735689600000 + 60_000 * minute;
    return `${time},60000.1,60003.2,59999.3,6000${minute % 4}.1,0.5,${time + 59_999},30000,9,0.2,12000,0`;
  });
  Deno.writeTextFileSync("BTCUSDT-1m-2025-01.zip", klines.join("\n"));
  const [mine = ""] = fences(PAGES.get("docs/files.md")!, "").filter((fence) => fence.startsWith("Date;"));
  Deno.writeTextFileSync("mine.csv", mine);
  Deno.writeTextFileSync("seconds.csv", "1735689607,60003.85,0.01666\n");
  Deno.writeTextFileSync("penstock.json", `{ "symbol": "ETHUSDT", "short": 500, "long": 2000 }`);
  for (const name of ["penstock", "proof"]) {
    const records = name === "penstock" ? "data/recordings/" : "data/proof/";
    setClock(0);
    await written(() => demo("8s", "--rate", "60", "--state", `data/${name}.db`, "--record", records));
  }
  setClock(0);
  await written(() => demo("4s", "--rate", "100", "--record", "data/today.txt.gz"));
  shell("zcat data/today.txt.gz | grep '\"trade\"' | sed 's/^[0-9]* //' | gzip > frames.gz");
  const filters = [
    { filterType: "PRICE_FILTER", tickSize: "0.01" },
    { filterType: "LOT_SIZE", stepSize: "0.00001", minQty: "0.00001", maxQty: "9000" },
  ];
  const symbol = { symbol: "ETHUSDT", status: "TRADING", baseAsset: "ETH", quoteAsset: "USDT", filters };
  Deno.writeTextFileSync("data/info.json", JSON.stringify({ symbols: [symbol] }));
}

function demo(time: string, ...more: string[]): Promise<void> {
  return penstock("demo", "--for", time, ...more);
}

function isLocal(line: string): boolean {
  if (/^(docker|kubectl|sudo|cd |NO_PROXY|PENSTOCK_|psql)/.test(line)) return false;
  // A database that is not here.
  if (line.includes("postgres://")) return false;
  if (/^(mkdir|mv|cp|ls) /.test(line)) return true;
  if (/^sqlite3 /.test(line)) return hasSqlite;
  const args = programArguments(line);
  // Another process may use the port of the live page here.
  return args !== null && !OUTSIDE.includes(args[0]!) && !args.includes("--watch");
}

/** Why the line failed; null if it did not. */
async function failureOf(line: string): Promise<string | null> {
  try {
    if (programArguments(line) === null) shell(line);
    else await runProgram(line);
    return null;
  } catch (error) {
    // A health check reports this for a stopped run, so it ran.
    if (error instanceof Error && error.name === "Unhealthy") return null;
    return String(error);
  }
}

async function runProgram(line: string): Promise<void> {
  const [, before, , into] = /^(?:(.*) \| )?(.*?)(?: > (\S+))?$/.exec(line)!;
  if (before !== undefined) input = shell(before);
  const given = programArguments(line)!.flatMap(expanded);
  const [command] = given;
  const args = shortened(given);
  setClock(0);
  const run = () => penstock(...args);
  const { stdout } = CLOCKED.includes(command!) ? await written(run) : await aside(run);
  if (into !== undefined) Deno.writeTextFileSync(into, stdout);
}

/** The arguments of the same command, which takes less time. */
function shortened(args: readonly string[]): readonly string[] {
  const [command] = args;
  if (command === "demo" || command === "exchange") {
    return [...args.filter((word, i) => word !== "--for" && args[i - 1] !== "--for"), "--for", LONGEST];
  }
  // A worker loads the whole program again, which takes far longer than its work here.
  if (command === "sweep" && !["--workers", "--join"].some((option) => args.includes(option))) {
    return [...args, "--workers", "1"];
  }
  return args;
}

/** The files that match a pattern; the word itself if it is not a pattern. */
function expanded(word: string): string[] {
  if (!word.includes("*")) return [word];
  const pattern = new RegExp(`^${word.split("*").map(RegExp.escape).join(".*")}$`);
  return [...Deno.readDirSync(".")].map(({ name }) => name).filter((name) => pattern.test(name)).sort();
}

function shell(line: string): Uint8Array<ArrayBuffer> {
  const { code, stdout, stderr } = new Deno.Command("sh", { args: ["-c", line] }).outputSync();
  if (code !== 0) throw new Error(`${line}: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}
