/** `penstock run`: a live feed, the pipeline, and the views. */
import type { Started } from "../config/command.ts";
import { streamOf } from "../exchanges/endpoints.ts";
import { exchangeNamed } from "../exchanges/known_exchanges.ts";
import { isoTime } from "../domain/numbers/time.ts";
import { isInDatabase } from "../domain/run/database_place.ts";
import { alarm } from "../feeds/live/alarm.ts";
import { settingsInForce, settingText } from "../feeds/process/environment.ts";
import { ExchangeUnreachable, LiveFeed } from "../feeds/live/live_feed.ts";
import { MOST_KEPT, ReadAhead } from "../feeds/live/read_ahead.ts";
import { StrategyFault } from "../stages/strategies/own_strategy.ts";
import { openViews } from "../views/known_views.ts";
import type { Asked } from "../views/terminal/key_questions.ts";
import { type Line, show } from "../views/view.ts";
import { AwaitedRules } from "./run/awaited_rules.ts";
import { neverStarted } from "./run/opening.ts";
import { standBy } from "./run/standing_by.ts";
import { LiveRun } from "./run/live_run.ts";
import { HERE, type Surroundings } from "./run/surroundings.ts";

const STATUS_EVENT_MS = 10_000;
const LIVE_LINE_MS = 250;
const REJECTED_EVENT_MS = 10_000;
const CHECKPOINT_MS = 10_000;
const HEARTBEAT_MS = 5_000;
/** How often a heartbeat shows trades that have arrived, for a page that follows the run. */
const PROGRESS_MS = 1_000;
const REQUESTS_MS = 1_000;

/** Trades on paper until the user, `--stop-after`, `--for` or `--attempts` ends it; then prints the summary. */
export async function run(
  { command, version, config, sources, remarks = [], notes = [], signal }: Started,
  given: Partial<Surroundings> = {},
): Promise<void> {
  const surroundings = { ...HERE, ...given };
  const { runtime, views, watchesMemory } = surroundings;
  const startedAt = runtime.performance.now();
  const ending = new AbortController();
  const stop = AbortSignal.any([signal, ending.signal]);
  const { stdout, stderr } = Deno;
  const onBroken = () => ending.abort();
  const onAsked = (asked: Asked) => asked === "stop" ? ending.abort() : void keep(() => live.halt(asked));
  const device = surroundings.device();
  const shown = { isBacktest: false, stdout, stderr, stop, signal, onBroken, device, onAsked };
  const view = openViews(config, shown, views);
  using _over = alarm(config.for, () => ending.abort(), runtime);
  const stream = new LiveFeed({
    exchange: exchangeNamed(config.exchange),
    endpoint: streamOf(config),
    symbol: config.symbol,
    staleMs: config.stale,
    retryMaxMs: config.retryMax,
    attempts: config.attempts,
    renewAfterMs: config.renewAfter,
    signal: stop,
    runtime,
    ...(watchesMemory ? {} : { memory: null }),
  });
  const feed = new ReadAhead(stream, MOST_KEPT, runtime);
  const live = new LiveRun({ config, sources }, view, feed, stop, surroundings);
  const failures: unknown[] = [];
  /** Ends the run cleanly after something failed between two batches, and then throws that error. */
  const fail = (error: unknown): void => {
    failures.push(error);
    ending.abort();
  };
  const keep = async (write: () => Promise<void>): Promise<void> => {
    try {
      await write();
    } catch (error) {
      fail(error);
    }
  };
  /**
   * Repeats `work`. While one call waits for the journal, the next ones are skipped: after an hour they would all be
   * due at once.
   */
  const again = (work: () => Promise<void> | null, everyMs: number) => {
    let isUnderWay = false;
    return runtime.setInterval(async () => {
      if (isUnderWay) return;
      isUnderWay = true;
      await work();
      isUnderWay = false;
    }, everyMs);
  };
  const timers = [
    again(() => live.emitStatus(), STATUS_EVENT_MS),
    runtime.setInterval(() => live.logRejections(), REJECTED_EVENT_MS),
    again(() => keep(() => live.checkpoint()), CHECKPOINT_MS),
    again(() => keep(() => live.heartbeat()), HEARTBEAT_MS),
    // In a database, each would be a transaction over the network that the run waits for.
    ...(isInDatabase(config.state) ? [] : [again(() => keep(() => live.heartbeat(true)), PROGRESS_MS)]),
    again(() => keep(() => live.handleRequests()), REQUESTS_MS),
    runtime.setInterval(() => live.draw(), LIVE_LINE_MS),
  ];
  try {
    const { onAway } = live.wait;
    const waiting = { signal: stop, log: (line: Line) => view.log(line), onAway, surroundings };
    const taken = config.standby ? await standBy({ config, sources }, waiting) : null;
    if (config.standby && taken === null) return view.log(neverStarted());
    // The stream connects while the instrument is requested.
    const opened = await feed.during(live.open({ command, version, taken }));
    if (opened === null) return view.log(neverStarted());
    if (opened.isKnownSymbol) stream.confirmSymbol();
    for (const setting of settingsInForce()) view.log({ level: "warn", text: settingText(setting) });
    for (const text of remarks) view.log({ level: "warn", text });
    view.log(await surroundings.dropPermissions(config));
    const time = isoTime(runtime.Date.now() * 1000);
    show(view, [{ type: "started", time, command, version, config: opened.shown }]);
    for (const line of opened.lines) view.log(line);
    for (const text of notes) view.log({ level: "info", text });
    await live.start();
    await using _rules = new AwaitedRules(opened.awaitRules, {
      take: async (arrived) => {
        stream.confirmSymbol();
        await live.takeRules(arrived);
      },
      onTrouble: (text) => view.log({ level: "warn", text }),
      onFailure: fail,
    });
    try {
      for await (const batch of feed) {
        await live.take(batch);
        const { fault } = opened.engine.state.memory;
        if (fault !== null) throw fault;
        if (live.done) break;
        const waiting = view.ready();
        if (waiting !== null) await waiting;
      }
    } catch (error) {
      // The recording ends here, as after any other stop, so waiting orders must expire here as well.
      if (error instanceof ExchangeUnreachable || error instanceof StrategyFault) {
        await live.stop(error.message);
      }
      throw error;
    }
    if (failures.length === 0) await live.stop(view.broken?.message);
  } finally {
    for (const id of timers) runtime.clearInterval(id);
    // The stream may have connected even if the run could not start.
    ending.abort();
    await live.close(runtime.performance.now() - startedAt);
    await feed.end();
  }
  if (failures.length > 0) throw failures[0];
  if (view.broken !== null) throw view.broken;
}
