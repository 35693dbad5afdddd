/** The events of a run, newest first, of the kind that the reader chose. */
import { byId, made } from "./elements.ts";
import type { LogRow } from "./entry_log.ts";
import { momentText, onZone, timeElement } from "./times.ts";

/** The list on the page. */
export class LogList {
  readonly #list = byId<HTMLOListElement>("log");
  #rows: readonly LogRow[] = [];
  #kind = "";
  /** The newest row that is shown. */
  #newest = -1;

  constructor() {
    for (const button of document.querySelectorAll<HTMLElement>("[data-kind]")) {
      button.addEventListener("click", () => {
        this.#kind = button.dataset.kind!;
        for (const other of document.querySelectorAll<HTMLElement>("[data-kind]")) {
          other.ariaPressed = String(other === button);
        }
        this.#rebuild();
      });
    }
    onZone(() => this.#rebuild(), new AbortController().signal);
  }

  /** Shows these rows, which are oldest first. Rows that are already shown are not made again. */
  show(rows: readonly LogRow[]): void {
    const isOther = rows !== this.#rows;
    this.#rows = rows;
    if (isOther || (rows.at(-1)?.id ?? -1) < this.#newest) return this.#rebuild();
    const fresh = rows.filter(({ id, kind }) => id > this.#newest && this.#isChosen(kind));
    this.#newest = rows.at(-1)?.id ?? -1;
    for (const row of fresh) this.#add(row);
    this.#forgetOld();
  }

  #isChosen(kind: string): boolean {
    return this.#kind === "" || this.#kind === kind;
  }

  #rebuild(): void {
    this.#list.replaceChildren();
    this.#newest = this.#rows.at(-1)?.id ?? -1;
    for (const row of this.#rows) if (this.#isChosen(row.kind)) this.#add(row);
    if (this.#list.childElementCount === 0) this.#list.append(made("li", "muted none", "None yet"));
  }

  #add(row: LogRow): void {
    const { time, label, text, isWarning, kind } = row;
    this.#list.querySelector(".none")?.remove();
    const day = momentText(Date.parse(time) / 1000).slice(0, 10);
    const first = this.#list.firstElementChild as HTMLElement | null;
    const item = made(
      "li",
      `${kind}${isWarning ? " warning" : ""}`,
      timeElement(time, "time-of-day"),
      made("span", "", made("b", label, label), ` ${text}`),
    );
    item.dataset.seq = String(row.seq);
    item.dataset.id = String(row.id);
    if (first === null || first.dataset.day === day) first?.after(item);
    if (first === null || first.dataset.day !== day) {
      const heading = made("li", "day muted", day);
      heading.dataset.day = day;
      this.#list.prepend(heading, item);
    }
  }

  /** Removes rows that the log no longer keeps, and the heading of a day that has none left. */
  #forgetOld(): void {
    const oldest = this.#rows[0]?.id ?? 0;
    for (;;) {
      const last = this.#list.lastElementChild as HTMLElement | null;
      if (last === null || Number(last.dataset.id ?? -1) >= oldest || last.classList.contains("none")) return;
      last.remove();
    }
  }
}
