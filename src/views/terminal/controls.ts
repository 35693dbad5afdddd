/** The keys of a live run on a terminal, and the choice of what the terminal shows: the log or a picture. */
import type { PenstockEvent } from "../../domain/run/event.ts";
import type { LogLine, Picture } from "../picture.ts";
import type { Line, LiveGlance } from "../view.ts";
import type { TerminalDevice } from "./device.ts";
import { type Asked, type KeyQuestion, questionFor, type Situation } from "./key_questions.ts";
import type { Row, ScreenSize } from "./styled_rows.ts";
import { type LiveTerminal, printable } from "./terminal.ts";
import { cutTo } from "./text_width.ts";

/** Options of the controls. */
export interface ControlsOptions {
  readonly device: TerminalDevice;
  readonly terminal: LiveTerminal;
  /** The pictures by name, in the order in which `v` shows them after the log. */
  readonly pictures: ReadonlyMap<string, Picture>;
  /** The first view: a name, or "log". */
  readonly first: string;
  readonly colours: boolean;
  /** Whether the run is kept in a journal. */
  readonly isKept: boolean;
  /** Called with what the user asks the run to do. */
  readonly onAsked: (asked: Asked) => void;
  /** Writes a line of the log. */
  readonly log: (line: Line) => void;
}

/** More lines than a screen has. */
const MOST_LINES = 200;
/** A question that is not answered within this time is dropped. */
const ANSWER_MS = 10_000;
/** A key redraws the screen at once, but no more often than this. The periodic update always redraws it. */
const LEAST_MS = 40;

/** Handles keys and draws. */
export class Controls {
  readonly #options: ControlsOptions;
  readonly #names: readonly string[];
  readonly #lines: LogLine[] = [];
  /** The view that the user wants to see. */
  #wanted: string;
  /** The state at the last update; null before the first. */
  #situation: Situation | null = null;
  #liveLine = "";
  #question: { readonly asked: KeyQuestion; readonly until: number } | null = null;
  #isTooSmall = false;
  #drawnAt = -Infinity;
  #isPaused = false;
  #isOver = false;

  constructor(options: ControlsOptions) {
    this.#options = options;
    this.#names = ["log", ...options.pictures.keys()];
    this.#wanted = options.first;
    const { device } = options;
    device.takeKeys(true);
    device.listen("SIGWINCH", () => this.#draw());
    device.listen("SIGCONT", () => this.#resume());
    void this.#read();
  }

  event(event: PenstockEvent): void {
    for (const picture of this.#options.pictures.values()) picture.event(event);
  }

  /** Takes a line of the log that is shown. */
  logged({ level, text }: Line): void {
    const time = new Date().toISOString().slice(11, 23);
    this.#lines.push({ time, level, text: printable(text) });
    if (this.#lines.length > MOST_LINES) this.#lines.shift();
  }

  /** Takes the state of the run, and draws it. `liveLine` is the same state in one line. */
  glance(glance: LiveGlance, liveLine: string): void {
    if (this.#isOver) return;
    const { run: { halt, position }, stream: { symbol } } = glance;
    if (this.#situation === null && this.#wanted === "log") {
      this.#options.log({ level: "info", text: `keys: ${this.#keys("log")}` });
    }
    this.#situation = { halt, position, symbol, isKept: this.#options.isKept };
    this.#liveLine = liveLine;
    for (const picture of this.#options.pictures.values()) picture.glance(glance);
    this.#drawnAt = -Infinity;
    this.#draw();
  }

  /** Shows the log, and releases the keyboard. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { device, terminal } = this.#options;
    terminal.uncover();
    terminal.live = "";
    for (const signal of ["SIGWINCH", "SIGTSTP", "SIGCONT"] as const) device.listen(signal, null);
    device.takeKeys(false);
  }

  async #read(): Promise<void> {
    while (!this.#isOver) {
      const keys = await this.#options.device.read();
      if (keys === null || this.#isOver) return;
      // Several characters at once are a key held down, pasted text, or a key that sends several, such as an arrow.
      const key = keys.trim() || keys.slice(0, 1);
      if (new Set(key).size === 1) this.#press(key[0]!.toLowerCase());
    }
  }

  #press(key: string): void {
    const { pictures, onAsked, log } = this.#options;
    if (this.#isPaused) return this.#resume();
    const question = this.#openQuestion;
    this.#question = null;
    if (question !== null) {
      if (key === question.key || key === "y") onAsked(question.asked);
    } else if (key === "v") {
      this.#wanted = this.#names[(this.#names.indexOf(this.#wanted) + 1) % this.#names.length]!;
      this.#isTooSmall = false;
    } else if (pictures.get(this.#wanted)?.press(key) !== true && this.#situation !== null) {
      const asked = questionFor(key, this.#situation);
      if (asked !== null && "text" in asked) {
        this.#question = { asked, until: performance.now() + ANSWER_MS };
      } else if (asked !== null && "nothing" in asked) log({ level: "info", text: asked.nothing });
      else if (asked !== null) onAsked(asked.asked);
    }
    this.#draw();
  }

  get #openQuestion(): KeyQuestion | null {
    return this.#question !== null && performance.now() < this.#question.until ? this.#question.asked : null;
  }

  #draw(): void {
    const now = performance.now();
    if (this.#isOver || this.#isPaused || this.#situation === null || now - this.#drawnAt < LEAST_MS) return;
    this.#drawnAt = now;
    const { device, terminal, colours } = this.#options;
    const size = this.#size;
    const picture = this.#pictureFor(size);
    const question = this.#openQuestion;
    if (picture === null) {
      device.listen("SIGTSTP", null);
      terminal.uncover();
      terminal.live = cutTo(question?.text ?? this.#liveLine, size.columns);
      return;
    }
    // Ctrl-Z leaves the picture first: nothing can be restored once the program is paused.
    device.listen("SIGTSTP", () => this.#pause());
    const footer: Row = question === null
      ? [{ text: this.#keys(this.#wanted), style: "faint" }]
      : [{ text: ` ${question.text} `, style: "reverse" }];
    terminal.cover(picture.rows(size, { log: this.#lines, footer }), size, colours);
  }

  get #size(): ScreenSize {
    try {
      return this.#options.device.size();
    } catch {
      // The terminal is gone, and so is everything that is written to it.
      return { columns: 0, rows: 0 };
    }
  }

  /** The picture to show; null for the log, which is also shown if the terminal is too small for the picture. */
  #pictureFor({ columns, rows }: ScreenSize): Picture | null {
    const picture = this.#options.pictures.get(this.#wanted) ?? null;
    if (picture === null) return null;
    const { least } = picture;
    const isTooSmall = columns < least.columns || rows < least.rows;
    if (isTooSmall && !this.#isTooSmall) {
      const needed = `the ${this.#wanted} needs a terminal of ${least.columns} × ${least.rows} or more`;
      const text = `${needed}: this one has ${columns} × ${rows}, so the log is shown until it is larger`;
      this.#options.log({ level: "warn", text });
    }
    this.#isTooSmall = isTooSmall;
    return isTooSmall ? null : picture;
  }

  #keys(view: string): string {
    const next = this.#names[(this.#names.indexOf(view) + 1) % this.#names.length]!;
    const own = this.#options.pictures.get(view)?.keys;
    return ["q stop", "h halt", "f flatten", `v ${next}`, ...(own === undefined ? [] : [own])].join("   ");
  }

  #pause(): void {
    const { device, terminal, log } = this.#options;
    this.#isPaused = true;
    device.listen("SIGTSTP", null);
    terminal.uncover();
    const text = `Ctrl-Z once more pauses the program itself, and Enter shows the ${this.#wanted} again`;
    log({ level: "info", text });
    device.takeKeys(false);
  }

  /** Takes the keys again, and draws everything: other programs may have left their output on the screen meanwhile. */
  #resume(): void {
    const { device, terminal } = this.#options;
    this.#isPaused = false;
    device.takeKeys(true);
    terminal.redraw();
    this.#draw();
  }
}
