/** Shows the page: one run or all of them, what is wrong, and whether the page is connected. */
import { byId, made, show } from "./elements.ts";
import type { LogRow } from "./entry_log.ts";
import type { FollowedRun } from "./followed_run.ts";
import { LiveCharts, type Shown } from "./live_charts.ts";
import { LogList } from "./log_list.ts";
import { showIcon } from "./tab_icon.ts";
import { showOverview } from "./overview.ts";
import { showFigures, showFills, showHealth } from "./run_figures.ts";
import {
  alertsOf,
  countsOf,
  type Seen,
  seenAt,
  SHOWN_STATES,
  type ShownState,
  worst,
} from "./shown_state.ts";
import { printable } from "../src/views/terminal/terminal.ts";
import { agoText, momentText, timeElement } from "./times.ts";

/** Rows of the table behind the charts. */
const TABLE_ROWS = 120;
/** At most this many of the events that arrive together are read aloud. */
const MOST_ANNOUNCED = 3;

/** When the page lost its connection (ms since 1970), and why. */
interface Loss {
  readonly since: number;
  readonly reason: string;
}

/** The page. */
export class LiveView {
  #runs: readonly FollowedRun[] = [];
  readonly #charts = new LiveCharts((shown) => showShown(shown));
  readonly #log = new LogList();
  /** Null while the page is connected, and before its first connection. */
  #loss: Loss | null = null;
  #isConnected = false;
  /** The state that was last announced of each run. */
  readonly #announced = new Map<FollowedRun, string>();

  constructor() {
    for (const button of document.querySelectorAll<HTMLElement>("[data-shown]")) {
      const shown = button.dataset.shown!;
      button.addEventListener(
        "click",
        () => this.#charts.show(shown === "all" ? { kind: "all" } : { kind: "last", seconds: Number(shown) }),
      );
    }
    byId("points").addEventListener("toggle", () => this.#fillTable());
  }

  /** Shows everything. */
  render(runs: readonly FollowedRun[]): void {
    this.#runs = runs;
    this.tick();
    const { run, status } = this.#chosen ?? { run: null, status: null };
    byId("waiting").hidden = runs.length > 0;
    byId("overview").hidden = runs.length === 0 || run !== null;
    byId("run").hidden = status === null;
    if (run === null || status === null || document.hidden) return;
    showFills(status);
    this.#log.show(run.log.rows);
    this.#charts.draw(run, status);
  }

  /** Updates only what changes with time. */
  tick(): void {
    const all = this.#runs.map((run) => seenAt(run, this.#now));
    const chosen = this.#chosen;
    this.#showHead(all, chosen);
    this.#showAlerts(chosen);
    if (chosen === null) showOverview(all, this.#loss !== null);
    else if (chosen.status !== null) {
      showFigures(chosen.run, chosen.status);
      showHealth(chosen.status, this.#loss === null ? null : chosen.run.statusAt(Date.now())!.ageMs);
    }
    for (const seen of all) this.#announceState(seen);
  }

  /** Shows the run, or the overview, that the address now names. */
  turn(): void {
    this.render(this.#runs);
    scrollTo(0, 0);
    byId("heading").focus({ preventScroll: true });
  }

  /** Draws the charts again, in other colours. */
  redraw(): void {
    this.#charts.redraw();
  }

  /** Called when the server has sent something. */
  receive(): void {
    if (this.#loss !== null) this.#announce("The page is connected again");
    this.#loss = null;
    this.#isConnected = true;
  }

  /**
   * Called when there is no connection. The server last sent something at `receivedAt`, ms since 1970; null for never.
   */
  lose(reason: string, receivedAt: number | null): void {
    if (this.#loss === null) this.#announce(`This page has lost its connection: ${reason}`);
    this.#loss = { since: this.#loss?.since ?? receivedAt ?? Date.now(), reason };
    this.#isConnected = false;
    this.tick();
  }

  /** Announces the warnings among the new rows. */
  announceRows(run: FollowedRun, rows: readonly LogRow[]): void {
    const warnings = rows.filter(({ isWarning }) => isWarning).slice(-MOST_ANNOUNCED);
    if (warnings.length === 0) return;
    const which = this.#runs.length > 1 ? `${seenAt(run, this.#now).name}: ` : "";
    this.#announce(`${which}${warnings.map(({ label, text }) => `${label} ${text}`).join(". ")}`);
  }

  /**
   * The time for which the runs are shown, ms since 1970. Without a connection, this is when it was lost, because
   * nothing later is known.
   */
  get #now(): number {
    return this.#loss?.since ?? Date.now();
  }

  /** The run that is shown: the one that the address names, or the only one; null for the overview. */
  get #chosen(): Seen | null {
    const [, at] = /^#run-(\d{1,4})$/.exec(location.hash) ?? [];
    const run = this.#runs.length === 1
      ? this.#runs[0]
      : at === undefined
      ? undefined
      : this.#runs[Number(at)];
    return run === undefined ? null : seenAt(run, this.#now);
  }

  #showHead(all: readonly Seen[], chosen: Seen | null): void {
    const counts = countsOf(all);
    const state = chosen?.state ?? worst(all);
    const words = chosen?.words ?? counts;
    const name = chosen?.name ?? (all.length === 0 ? "Penstock" : `${all.length} runs`);
    const isLost = this.#loss !== null;
    const back = byId("back");
    back.hidden = chosen === null || all.length < 2;
    show(back, `‹ All runs: ${counts}`);
    show(byId("heading"), name);
    const { run, status } = chosen ?? {};
    const which = run === undefined
      ? ""
      : status == null
      ? run.journal
      : `run ${status.run} in ${run.journal}`;
    show(byId("subject"), [...(status?.strategy === undefined ? [] : [status.strategy]), which].join(" · "));
    const chip = byId("state");
    chip.hidden = all.length === 0;
    chip.dataset.state = isLost ? "lost" : state;
    show(chip, `${SHOWN_STATES[state].sign} ${isLost ? "was " : ""}${words}`);
    show(byId("heartbeat"), this.#heartbeatOf(chosen));
    this.#showLink();
    const isStale = isLost || (chosen !== null && STALE.includes(state));
    document.documentElement.dataset.stale = String(isStale);
    const text = isLost ? "no connection" : all.length === 0 ? "connecting" : words;
    const title = printable(`${text.charAt(0).toUpperCase()}${text.slice(1)} · ${name} – Penstock`);
    if (document.title !== title) document.title = title;
    showIcon(isLost ? "unreadable" : state);
  }

  /** How old the last heartbeat is; empty for a run that has stopped, and for the overview. */
  #heartbeatOf(chosen: Seen | null): string {
    const { run, status } = chosen ?? { run: null, status: null };
    if (run === null || status === null || status.state === "stopped") return "";
    const { ageMs } = run.statusAt(Date.now())!;
    const which = this.#loss === null ? "heartbeat" : "last known heartbeat";
    return ageMs < 0 ? `${which} is ahead of this clock` : `${which} ${agoText(ageMs / 1000)}`;
  }

  #showLink(): void {
    const link = byId("link");
    link.dataset.link = this.#loss !== null ? "lost" : this.#isConnected ? "live" : "connecting";
    show(link, this.#loss === null ? link.dataset.link : "no connection");
  }

  #showAlerts(chosen: Seen | null): void {
    const texts = chosen === null ? [] : alertsOf(chosen);
    if (this.#loss !== null) {
      const { since, reason } = this.#loss;
      texts.unshift(
        `This page lost its connection to penstock watch at ${momentText(since / 1000)}, ${
          agoText((Date.now() - since) / 1000)
        }: ${reason}. ` +
          "All figures are from before that, and the run may have changed since. The page keeps trying",
      );
    }
    const list = byId("alerts");
    list.hidden = texts.length === 0;
    while (list.childElementCount > texts.length) list.lastElementChild!.remove();
    for (const [at, text] of texts.entries()) show(list.children[at] ?? list.appendChild(made("li")), text);
  }

  /** Announces a change in the state of a run. */
  #announceState({ run, words, name }: Seen): void {
    const before = this.#announced.get(run);
    this.#announced.set(run, words);
    if (before !== undefined && before !== words) this.#announce(`${name} is ${words}`);
  }

  #announce(text: string): void {
    show(byId("announcer"), text);
  }

  /** The last points as a table, as they are when the reader opens it. */
  #fillTable(): void {
    const details = byId<HTMLDetailsElement>("points");
    const body = details.querySelector("tbody")!;
    const points = details.open ? this.#chosen?.run.points.slice(-TABLE_ROWS).reverse() ?? [] : [];
    body.replaceChildren(...points.map(([time, price, equity, drawdown]) =>
      made(
        "tr",
        "",
        made("td", "", timeElement(new Date(time).toISOString())),
        ...[String(price), equity.toFixed(2), `${(drawdown * 100).toFixed(2)} %`].map((text) =>
          made("td", "number", text)
        ),
      )
    ));
  }
}

/** Marks the button for what the charts show. */
function showShown(shown: Shown): void {
  for (const button of document.querySelectorAll<HTMLElement>("[data-shown]")) {
    const mine = shown.kind === "last" ? String(shown.seconds) : shown.kind;
    button.ariaPressed = String(button.dataset.shown === mine);
  }
  show(
    byId("shown"),
    shown.kind === "span" ? `${momentText(shown.from)} to ${momentText(shown.to)}, not following` : "",
  );
}

/** The states in which the figures may have changed since they arrived. */
const STALE: readonly ShownState[] = ["unreadable", "silent", "waiting"];
