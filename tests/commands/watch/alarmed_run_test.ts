/** A run whose alarms get through, and the same run whose alarms do not. */
import { assert, assertEquals } from "@std/assert";
import { Alarms } from "../../../src/commands/watch/alarms.ts";
import { pause } from "../../../src/feeds/live/alarm.ts";
import { DEFAULT_TIMING } from "../../../src/views/alarms/alarm_sender.ts";
import { inFolder } from "../../stores/sample_journal.ts";
import { FakeService, type Reply } from "../../support/fake_service.ts";
import { FLAGS, Penstock } from "../../support/penstock.ts";

const MARKET = ["--seed=7", "--rate=300", "--stop-after=500", "--short=5", "--long=12"];

/** The decisions of a demo, and what a service with these replies got of them. */
async function demo(reply: (at: number) => Reply): Promise<{ decisions: string[]; keys: string[] }> {
  await using service = new FakeService((_, at) => reply(at));
  let stdout = "";
  const reports: string[] = [];
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using _alarms = await Alarms.start({
      notify: `http://${service.host}/hook`,
      notifyOn: "fill,stopped",
      notifyTokens: null,
      notifyMemory: `${folder}/alarms.json`,
      ping: `http://${service.host}/ping 10s`,
      journals: [path],
      version: "1",
      report: (_, text) => reports.push(text),
      timing: {
        ...DEFAULT_TIMING,
        firstMs: 1,
        longestMs: 5,
        askMs: reply(0) === TAKEN ? 60_000 : 200,
        graceMs: 0,
        pause,
      },
      pollMs: 5,
    });
    const words = ["demo", "--json", "--log-level=error", `--state=${path}`, ...MARKET];
    await using run = Penstock.start(words, [...FLAGS, `--allow-write=${folder}`]);
    const { code, stdout: printed, stderr } = await run.finished();
    assertEquals(code, 0, stderr);
    stdout = printed;
    const isLast = () => service.requests.some(({ body }) => body.includes('"kind":"stopped"'));
    if (reply(0) === TAKEN) { while (!isLast()) await pause(5, new AbortController().signal); }
  });
  const decisions = stdout.split("\n").map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ type }) => ["signal", "fill", "refusal"].includes(String(type)))
    .map(({ time: _time, ...decision }) => JSON.stringify(decision));
  const posts = service.requests.filter(({ method }) => method === "POST");
  return { decisions, keys: posts.map(({ body }) => (JSON.parse(body) as { key: string }).key) };
}

const TAKEN: Reply = { status: 200 };

Deno.test("a run decides the same whether its alarms get through, fail or hang", async () => {
  const well = await demo(() => TAKEN);
  const badly = await demo((at) => at % 3 === 0 ? "hang" : at % 3 === 1 ? { status: 500 } : { raw: "junk" });
  assert(well.decisions.length > 10, `${well.decisions.length} decisions`);
  assertEquals(badly.decisions, well.decisions);
  const fills = well.decisions.filter((decision) => decision.startsWith('{"type":"fill"'));
  assertEquals(well.keys.filter((key) => key.endsWith("-fill")).length, fills.length);
  assertEquals(new Set(badly.keys).size, 1);
});
