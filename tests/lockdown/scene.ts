/**
 * Runs inside the loopback-only network: the built-in exchange with TLS on the real ports, and the program in its
 * sandbox, which takes it for the real exchange. Prints one line of JSON for each attempt.
 */
import { DatabaseSync } from "node:sqlite";
import { COMMANDS } from "../../src/config/command_name.ts";
import { EXCHANGE_NAMES, hostsOf } from "../../src/exchanges/hosts.ts";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { dockerArguments } from "./container.ts";
import type { Probed } from "./probe.ts";
import type { SandboxParts } from "./sandbox.ts";
import { type Ended, Sandboxed } from "./sandboxed.ts";

/** The paths and keys that the scene needs. */
export interface SceneParts extends SandboxParts {
  /** The same program with the probe in Penstock's place. */
  readonly probe: SandboxParts;
  readonly tls: { readonly cert: string; readonly key: string };
}

/** One row of the table. */
export interface Row {
  readonly attempt: string;
  readonly expected: string;
  readonly seen: string;
  readonly isAsExpected: boolean;
}

const STREAM_PORT = 9443;
const REST_PORT = 443;
const PROXY_PORT = 3128;
/** The port on which Deno's debugger listens. */
const DEBUGGER_PORT = 9229;
const JOURNAL = "data/penstock.db";
/** The contents of a file that belongs to somebody else. */
const FOREIGN = "not yours";
/** Deno's refusals: an error name, or their own sentence for imports and attached databases. */
const DENIED = /NotCapable|Requires \w+ access|--no-remote|attached databases - max 0|without a question/;
/** Runtime settings that do no harm here, as a stranger's environment may have them. */
const SETTINGS = {
  NODE_OPTIONS: "--no-warnings",
  SSLKEYLOGFILE: "/data/keys.log",
  NODE_EXTRA_CA_CERTS: "/etc/ca.pem",
};
const ENVIRONMENT = { DENO_CERT: "/etc/ca.pem" };

/** How long the signal is sent, thirty times in all: longer than the runtime takes to start listening for it. */
const SIGNALS_MS = 1_500;

/** Whether anything in this network listens on an IPv4 port. */
function isListenedOn(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return new RegExp(`^ *\\d+: [0-9A-F]+:${hex} [0-9A-F:]+ 0A `, "m").test(
    Deno.readTextFileSync("/proc/net/tcp"),
  );
}

/** Forwards connections on `port` to the exchange, which listens on one port only. */
function forward(port: number, to: number): Deno.TcpListener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  (async () => {
    for await (const near of listener) {
      const far = await Deno.connect({ hostname: "127.0.0.1", port: to });
      // Either side may break the connection; then the other has nothing left to do.
      near.readable.pipeTo(far.writable).catch(() => {});
      far.readable.pipeTo(near.writable).catch(() => {});
    }
  })();
  return listener;
}

class Scene {
  readonly #parts: SceneParts;
  readonly #exchange: BuiltInExchange;
  #isRedirecting = false;
  #proxied = 0;

  constructor(parts: SceneParts) {
    this.#parts = parts;
    this.#exchange = BuiltInExchange.listen({
      port: STREAM_PORT,
      tls: parts.tls,
      hosts: EXCHANGE_NAMES.flatMap(hostsOf).map((host) => host.split(":")[0]!),
      rate: 300,
      onRest: (_url, answer) =>
        this.#isRedirecting
          ? { status: 302, body: "", headers: { Location: "https://example.org/" } }
          : answer,
    });
    forward(REST_PORT, STREAM_PORT);
    this.#listenAsProxy();
  }

  /** Makes every attempt, in order. */
  async *play(): AsyncGenerator<Row> {
    yield* this.#path();
    yield* this.#denials();
    yield* this.#links();
    yield* this.#debugger();
    yield* this.#probes();
  }

  /** Connects, trades, stops, resumes, and reads the journal. */
  async *#path(): AsyncGenerator<Row> {
    const first = this.#start(...dockerArguments("CMD"), "--json", "--record=data/first.txt");
    await first.waitFor('"type":"fill"');
    yield this.#row(
      "health check while it trades",
      "exit 0, alive",
      await this.#run(...dockerArguments("HEALTHCHECK")),
      0,
      "heartbeat",
    );
    first.stop();
    const { stdout, stderr, code } = await first.ended();
    const run = { code, stdout, stderr: stderr + stdout };
    yield this.#row(
      "connect to the real address",
      "wss://stream.binance.com:9443",
      run,
      0,
      "wss://stream.binance.com:9443",
    );
    yield this.#row(
      "drop the permissions it does not need",
      "permissions kept: …",
      run,
      0,
      "permissions kept: network to stream.binance.com:9443, network to api.binance.com:443, network to data-api.binance.vision:443, writing data/penstock.db.lock, reading ",
    );
    yield this.#row("trade", "fills", run, 0, '"type":"fill"');
    yield this.#ownerOnly();
    yield this.#row("stop on SIGTERM", "exit 0 with a summary", run, 0, '"type":"summary"');

    const second = this.#start("run", "--json", "--record=data/second.txt");
    await second.waitFor('"type":"gap"');
    second.stop();
    const resumed = await second.ended();
    const both = { ...resumed, stderr: resumed.stderr + resumed.stdout };
    yield this.#row(
      "resume where it stopped",
      "the run resumes",
      both,
      0,
      `the run in ${JOURNAL} resumes after`,
    );
    const filled = /"type":"gap".*?"missing":(\d+),"filled":\1\b/.exec(both.stdout)?.[0] ?? "no filled gap";
    yield this.#row("fetch what it missed over REST, port 443", "a gap, filled", both, 0, filled);
    yield this.#row("read its journal", "exit 0, the account", await this.#run("status"), 0, "Account");
    yield this.#row(
      "check its own setup",
      "all checks pass",
      await this.#run("doctor"),
      0,
      "All checks pass.",
    );
    if ("verify" in COMMANDS) {
      const verified = await this.#run("verify", JOURNAL, "data/first.txt", "data/second.txt");
      yield this.#row("verify its journal from the recordings", "exit 0", verified, 0, "");
    }
    yield this.#row(
      "compare its journal with itself",
      "exit 0, the same",
      await this.#run("compare", JOURNAL, JOURNAL),
      0,
      "The same: all options",
    );
    const { data } = this.#parts;
    Deno.copyFileSync(`${data}/penstock.db`, `${data}/foreign.db`);
    const database = new DatabaseSync(`${data}/foreign.db`);
    database.exec("CREATE VIEW forged AS SELECT * FROM entries");
    database.close();
    yield this.#row(
      "a journal with a stranger's view in it",
      "exit 3, named",
      await this.#run("status", "data/foreign.db"),
      3,
      'view "forged", which Penstock does not create',
    );
  }

  /** Commands of a user that the program has no permission to carry out. */
  async *#denials(): AsyncGenerator<Row> {
    const once = ["run", "--state=none", "--attempts=1", "--stop-after=60"];
    for (
      const [attempt, endpoint, named] of [
        ["another host", "wss://example.org:9443", "example.org:9443"],
        ["another port", "wss://stream.binance.com:443", "stream.binance.com:443"],
        ["an IP address", "wss://127.0.0.1:9443", "127.0.0.1:9443"],
      ] as const
    ) {
      const seen = await this.#run(...once, `--endpoint=${endpoint}`);
      yield this.#row(attempt, "exit 2, named", seen, 2, `No permission to reach ${named}`);
    }
    const elsewhere = await this.#resume("--rest-endpoint=https://example.org");
    yield this.#row(
      "missed trades from another host",
      "named, and the run continues",
      elsewhere,
      0,
      "No permission to reach example.org:443",
    );
    this.#isRedirecting = true;
    const redirected = await this.#resume();
    this.#isRedirecting = false;
    yield this.#row(
      "a redirect of REST",
      "not followed, and the run continues",
      redirected,
      0,
      "redirects to https://example.org/ (HTTP 302), which is not followed",
    );
    const turned = this.#start("run", "--state=none", "--stop-after=600", "--retry-max=250ms");
    await turned.waitFor("connected to");
    this.#exchange.inject({ kind: "refuse", status: 302, retryAfterSeconds: 1, count: 1 });
    yield this.#row(
      "a redirect of the stream",
      "not followed, and it tries again",
      await turned.ended(),
      0,
      "refused the connection: HTTP 302",
    );

    const proxy = `http://127.0.0.1:${PROXY_PORT}`;
    const variables = { HTTPS_PROXY: proxy, ALL_PROXY: proxy, https_proxy: proxy };
    const past = this.#withCount(await this.#run(...once, { ...variables, ...SETTINGS }));
    yield this.#row("a proxy in the environment", "not used", past, 0, "the proxy was not queried");
    for (const name of Object.keys(SETTINGS)) {
      yield this.#row(
        `${name} in the environment`,
        "named in the log",
        past,
        0,
        `the environment sets ${name}, which`,
      );
    }
    const through = this.#withCount(await this.#run(...once, { ...variables, NO_PROXY: "" }));
    yield this.#row(
      "a proxy, and NO_PROXY set to nothing",
      "used, as the user wants",
      through,
      4,
      "the proxy was queried",
    );

    yield this.#row(
      "read /etc/passwd as trades",
      "exit 3, named",
      await this.#run("backtest", "--symbol=BTCUSDT", "/etc/passwd"),
      3,
      "/etc/passwd",
    );
    yield this.#row(
      "read /etc/passwd as options",
      "exit 2, named",
      await this.#run("run", "--config=/etc/passwd"),
      2,
      "/etc/passwd",
    );
    yield this.#row(
      "read /etc/passwd as journal",
      "exit 1, named",
      await this.#run("status", "/etc/passwd"),
      1,
      "Cannot read the journal /etc/passwd: it is not allowed",
    );
    yield this.#row(
      "keep a journal beside data",
      "exit 1, named",
      await this.#run("run", "--state=/tmp/x.db"),
      1,
      "Cannot open the journal /tmp/x.db: it is not allowed",
    );
    yield this.#row(
      "record beside data",
      "exit 2, named",
      await this.#run("run", "--state=none", "--record=data/../x.txt"),
      2,
      "Cannot record to data/../x.txt: writing there is not allowed",
    );
    const { data } = this.#parts;
    Deno.writeTextFileSync(`${data}/deno.lock`, FOREIGN);
    const beside = this.#row(
      "somebody else's lock file",
      "exit 1, left as it was",
      await this.#run("run", "--state=data/deno"),
      1,
      "data/deno.lock, which it needs for itself, is not a lock file of Penstock's",
    );
    const isLeft = Deno.readTextFileSync(`${data}/deno.lock`) === FOREIGN;
    yield { ...beside, isAsExpected: beside.isAsExpected && isLeft };
    using huge = Deno.createSync(`${data}/huge.json`);
    huge.truncateSync(8e9);
    yield this.#row(
      "a configuration file of 8 GB",
      "exit 2, unread",
      await this.#run("run", "--config=data/huge.json"),
      2,
      "--config data/huge.json: it holds more than 1048576 bytes",
    );
    yield this.#row(
      "another user's certificate",
      "not trusted",
      await this.#run(...once, { DENO_CERT: "/etc/other.pem" }),
      4,
      "TLS with stream.binance.com:9443 failed",
    );
  }

  /** Links in data that point outside it, which Deno would follow. */
  async *#links(): AsyncGenerator<Row> {
    const { data } = this.#parts;
    Deno.symlinkSync("/etc/passwd", `${data}/link`);
    Deno.symlinkSync("/etc", `${data}/etc`);
    const led = (link: string, target: string) =>
      `data/${link} is a link that leads out of data, to ${target}`;
    const [file, folder] = [led("link", "/etc/passwd"), led("etc", "/etc")];
    const attempts: readonly (readonly [string, readonly string[], number, string])[] = [
      ["keep a journal", ["run", "--state=data/link"], 1, file],
      ["read a journal", ["status", "data/link"], 1, file],
      ["halt a run", ["halt", "data/link"], 1, file],
      ["copy a journal", ["export", JOURNAL, "--copy=data/etc/x.db"], 1, folder],
      ["record", ["run", "--state=none", "--record=data/link"], 2, file],
      ["record into a folder", ["run", "--state=none", "--record=data/etc/", "--record-keep=1d"], 2, folder],
      [
        "write a result",
        ["backtest", "--symbol=BTCUSDT", "data/first.txt", "--out=data/etc/x.json"],
        2,
        folder,
      ],
      ["read as trades", ["backtest", "--symbol=BTCUSDT", "data/link"], 3, file],
      ["read as options", ["run", "--config=data/link"], 2, file],
      ["read as rules", ["backtest", "data/first.txt", "--instruments=data/link"], 2, file],
      ["examine a folder", ["doctor", "--state=data/etc/x.db"], 1, folder],
    ];
    for (const [what, args, code, named] of attempts) {
      yield this.#row(
        `${what} through a link out of data`,
        `exit ${code}, named`,
        await this.#run(...args),
        code,
        named,
      );
    }
  }

  /** SIGUSR1, which opens the runtime's debugger some time after the start. */
  async *#debugger(): AsyncGenerator<Row> {
    const attempts = [
      ["SIGUSR1 at many moments", [], "keeps trading, no port stays open", "and is closed"],
      [
        "SIGUSR1 that was blocked at the start",
        ["env", "--block-signal=USR1"],
        "keeps trading, no port opens",
        "was not opened, and is closed",
      ],
    ] as const;
    for (const [attempt, before, expected, text] of attempts) {
      const program = Sandboxed.start(this.#parts, ["run", "--state=none"], ENVIRONMENT, before);
      await program.waitFor("connected to");
      let isOpened = false;
      const until = performance.now() + SIGNALS_MS;
      for (let next = 0; performance.now() < until;) {
        if (performance.now() >= next) {
          program.signal("SIGUSR1");
          next = performance.now() + SIGNALS_MS / 30;
        }
        isOpened ||= isListenedOn(DEBUGGER_PORT);
        await new Promise((resolve) => setTimeout(resolve));
      }
      if (before.length === 0) {
        await program.waitFor("if Deno opened its debugger at it, that is closed again");
      }
      // The last debugger is still to be closed.
      const late = performance.now() + SIGNALS_MS;
      while (isListenedOn(DEBUGGER_PORT) && performance.now() < late) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const isOpen = isListenedOn(DEBUGGER_PORT);
      program.stop();
      const ended = await program.ended();
      const opened = isOpened ? "was opened" : "was not opened";
      const seen = `the debugger ${opened}, and ${isOpen ? "stays open" : "is closed"}`;
      yield this.#row(attempt, expected, { ...ended, stderr: seen, stdout: "" }, 0, text);
    }
  }

  /** What other code in the program's place could try. */
  async *#probes(): AsyncGenerator<Row> {
    this.#isRedirecting = true;
    const { stdout, stderr } = await Sandboxed.start(this.#parts.probe, [], ENVIRONMENT).ended();
    this.#isRedirecting = false;
    if (stdout === "") throw new Error(`the probe printed nothing:  ${stderr}`);
    for (const line of stdout.split("\n")) {
      const { attempt, denied }: Probed = JSON.parse(line);
      yield {
        attempt: `code in its place: ${attempt}`,
        expected: "denied",
        seen: denied ?? "let through",
        isAsExpected: denied !== null && DENIED.test(denied),
      };
    }
  }

  /** Whether only the program's user can read the files it made in /data. */
  #ownerOnly(): Row {
    const modes = [...Deno.readDirSync(this.#parts.data)].map(({ name }) => {
      const { mode } = Deno.lstatSync(`${this.#parts.data}/${name}`);
      return `${name} ${((mode ?? 0o777) & 0o777).toString(8)}`;
    });
    return {
      attempt: "keep its files from other users",
      expected: "0600",
      seen: modes.join(", "),
      isAsExpected: modes.length > 1 && modes.every((mode) => mode.endsWith(" 600")),
    };
  }

  /** Resumes the run in the journal until it has given up on the trades it missed, which are not available. */
  async #resume(...args: string[]): Promise<Ended> {
    const { released } = this.#exchange;
    // Trades have to be missing, or no host would be queried.
    while (this.#exchange.released < released + 20) await new Promise((resolve) => setTimeout(resolve, 10));
    const program = this.#start("run", "--attempts=1", ...args);
    await program.waitFor("the averages start again");
    program.stop();
    return await program.ended();
  }

  #start(...args: string[]): Sandboxed {
    return Sandboxed.start(this.#parts, args, ENVIRONMENT);
  }

  async #run(...given: (string | Record<string, string>)[]): Promise<Ended> {
    const args = given.filter((word) => typeof word === "string");
    const environment = Object.assign({}, ENVIRONMENT, ...given.filter((word) => typeof word !== "string"));
    return await Sandboxed.start(this.#parts, args, environment).ended();
  }

  /** Adds to what was seen whether the proxy was ever queried. */
  #withCount(seen: Ended): Ended {
    return { ...seen, stderr: `${seen.stderr}\nthe proxy was ${this.#proxied === 0 ? "not " : ""}queried` };
  }

  /** A row that passes if the program ended with `code` and printed `text`. */
  #row(
    attempt: string,
    expected: string,
    { code, stdout, stderr }: Ended,
    wanted: number,
    text: string,
  ): Row {
    const lines = `${stderr}\n${stdout}`.split("\n");
    const waitFor = lines.find((line) => line.includes(text));
    const isAsExpected = code === wanted && waitFor !== undefined;
    const shown = waitFor ?? stderr.split("\n").slice(-12).join(" ⏎ ");
    return { attempt, expected, seen: `exit ${code}: ${shown}`, isAsExpected };
  }

  #listenAsProxy(): void {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: PROXY_PORT });
    (async () => {
      for await (const conn of listener) {
        this.#proxied++;
        conn.close();
      }
    })();
  }
}

if (import.meta.main) {
  const parts: SceneParts = JSON.parse(Deno.readTextFileSync(Deno.args[0]!));
  for await (const row of new Scene(parts).play()) console.log(JSON.stringify(row));
  Deno.exit();
}
