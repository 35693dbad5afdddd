/** The table of round trips: sorted, filtered, a page at a time. */
import type { Run, Trip } from "./page_data.ts";
import { momentText, onZone, spanText } from "./times.ts";

const PAGE = 50;

/** A column of the table. */
interface Column {
  readonly title: string;
  readonly value: (trip: Trip) => number | string;
  readonly text: (trip: Trip) => string;
  readonly isNumber: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: "#", value: ({ number }) => number, text: ({ number }) => String(number), isNumber: true },
  { title: "Entry", value: ({ entry }) => entry, text: ({ entry }) => momentText(entry), isNumber: false },
  { title: "Exit", value: ({ exit }) => exit, text: ({ exit }) => momentText(exit), isNumber: false },
  {
    title: "Entry price",
    value: (trip) => trip.entryPrice,
    text: (trip) => number(trip.entryPrice),
    isNumber: true,
  },
  {
    title: "Exit price",
    value: (trip) => trip.exitPrice,
    text: (trip) => number(trip.exitPrice),
    isNumber: true,
  },
  {
    title: "Quantity",
    value: (trip) => Number(trip.quantity),
    text: (trip) => trip.quantity,
    isNumber: true,
  },
  {
    title: "Cost",
    value: (trip) => Number(trip.cost),
    text: (trip) => number(Number(trip.cost)),
    isNumber: true,
  },
  {
    title: "Fees",
    value: (trip) => Number(trip.fees),
    text: (trip) => number(Number(trip.fees)),
    isNumber: true,
  },
  {
    title: "Profit",
    value: (trip) => Number(trip.profit),
    text: (trip) => signed(trip.profit),
    isNumber: true,
  },
  { title: "Best", value: ({ best }) => best, text: ({ best }) => number(best), isNumber: true },
  { title: "Worst", value: ({ worst }) => worst, text: ({ worst }) => number(worst), isNumber: true },
  {
    title: "Held",
    value: ({ entry, exit }) => exit - entry,
    text: ({ entry, exit }) => spanText(exit - entry),
    isNumber: true,
  },
  { title: "Cause", value: ({ cause }) => cause, text: ({ cause }) => cause, isNumber: false },
];

/** Columns that need the prices between events. */
const BETWEEN_EVENTS = ["Best", "Worst"];

/** The table, and which of its rows are shown. */
export class TripTable {
  readonly #run: Run;
  readonly #columns: readonly Column[];
  readonly #onSelect: (trip: Trip) => void;
  #rows: readonly Trip[];
  #sorted = 0;
  #isDescending = false;
  #page = 0;
  #selected: Trip | null = null;

  /** Fills the table of the page. `onSelect` is called with the round trip that the reader chooses. */
  constructor(run: Run, onSelect: (trip: Trip) => void) {
    this.#run = run;
    this.#columns = run.isAtEvents ? COLUMNS.filter(({ title }) => !BETWEEN_EVENTS.includes(title)) : COLUMNS;
    this.#onSelect = onSelect;
    this.#rows = run.trips;
    this.#head();
    const outcome = element<HTMLSelectElement>("trip-outcome");
    const cause = element<HTMLSelectElement>("trip-cause");
    for (const name of new Set(run.trips.map((trip) => trip.cause))) cause.append(new Option(name, name));
    for (const filter of [outcome, cause]) filter.addEventListener("change", () => this.#filter());
    element("trip-previous").addEventListener("click", () => this.#turn(-1));
    element("trip-next").addEventListener("click", () => this.#turn(1));
    element("trip-csv").addEventListener("click", () => this.#save());
    onZone(() => this.#show());
    this.#filter();
  }

  /** Marks a round trip and turns to its page. */
  select(trip: Trip): void {
    this.#selected = trip;
    let at = this.#rows.indexOf(trip);
    if (at < 0) {
      element<HTMLSelectElement>("trip-outcome").value = "";
      element<HTMLSelectElement>("trip-cause").value = "";
      this.#filter();
      at = this.#rows.indexOf(trip);
    }
    this.#page = Math.floor(at / PAGE);
    this.#show();
    document.querySelector("#trips tbody tr[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  #head(): void {
    const row = document.querySelector("#trips thead tr")!;
    for (const [at, { title, isNumber }] of this.#columns.entries()) {
      const cell = document.createElement("th");
      cell.scope = "col";
      if (isNumber) cell.className = "number";
      const button = document.createElement("button");
      button.textContent = title;
      button.addEventListener("click", () => this.#sort(at));
      cell.append(button);
      row.append(cell);
    }
  }

  #sort(column: number): void {
    this.#isDescending = this.#sorted === column
      ? !this.#isDescending
      : this.#columns[column]!.isNumber && column > 0;
    this.#sorted = column;
    this.#filter();
  }

  #filter(): void {
    const outcome = element<HTMLSelectElement>("trip-outcome").value;
    const cause = element<HTMLSelectElement>("trip-cause").value;
    const { value } = this.#columns[this.#sorted]!;
    const direction = this.#isDescending ? -1 : 1;
    this.#rows = this.#run.trips
      .filter((trip) => outcome === "" || outcome === outcomeOf(trip))
      .filter((trip) => cause === "" || cause === trip.cause)
      .toSorted((a, b) => {
        const [x, y] = [value(a), value(b)];
        return direction * (x < y ? -1 : x > y ? 1 : 0) || a.number - b.number;
      });
    this.#page = 0;
    for (const [at, cell] of [...document.querySelectorAll("#trips thead th")].entries()) {
      if (at === this.#sorted) {
        cell.setAttribute("aria-sort", this.#isDescending ? "descending" : "ascending");
      } else cell.removeAttribute("aria-sort");
    }
    this.#show();
  }

  #turn(pages: number): void {
    this.#page = Math.min(
      Math.max(0, this.#page + pages),
      Math.max(0, Math.ceil(this.#rows.length / PAGE) - 1),
    );
    this.#show();
  }

  #show(): void {
    const body = document.querySelector("#trips tbody")!;
    const from = this.#page * PAGE;
    const shown = this.#rows.slice(from, from + PAGE);
    body.replaceChildren(...shown.map((trip) => this.#row(trip)));
    const { length } = this.#rows;
    element("trip-range").textContent = length === 0
      ? "no round trips"
      : `${from + 1} to ${from + shown.length} of ${length.toLocaleString("en")}`;
  }

  #row(trip: Trip): HTMLTableRowElement {
    const row = document.createElement("tr");
    row.tabIndex = 0;
    row.setAttribute("aria-selected", String(trip === this.#selected));
    for (const { title, text, isNumber } of this.#columns) {
      const cell = row.insertCell();
      cell.textContent = text(trip);
      if (isNumber) cell.className = "number";
      if (title === "Profit") cell.classList.add(outcomeOf(trip));
    }
    const choose = (): void => {
      this.#selected = trip;
      for (const other of row.parentElement!.children) {
        other.setAttribute("aria-selected", String(other === row));
      }
      this.#onSelect(trip);
    };
    row.addEventListener("click", choose);
    row.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose();
      }
    });
    return row;
  }

  /** Saves the rows that the filters leave, with every digit, as CSV. */
  #save(): void {
    const { isAtEvents } = this.#run;
    const head = `number,entry,exit,entry_price,exit_price,quantity,cost,fees,profit,${
      isAtEvents ? "" : "best,worst,"
    }held_seconds,cause`;
    const lines = this.#rows.map((trip) =>
      [
        trip.number,
        ...[trip.entry, trip.exit].map((time) => new Date(time * 1000).toISOString()),
        ...[
          trip.entryPrice,
          trip.exitPrice,
          trip.quantity,
          trip.cost,
          trip.fees,
          trip.profit,
        ],
        ...(isAtEvents ? [] : [trip.best, trip.worst]),
        ...[Number((trip.exit - trip.entry).toFixed(3)), trip.cause],
      ].join(",")
    );
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([[head, ...lines, ""].join("\r\n")], { type: "text/csv" }));
    link.download = `round-trips-${this.#run.symbol}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  }
}

function outcomeOf({ profit }: Trip): "won" | "lost" | "even" {
  if (profit.startsWith("-")) return "lost";
  return /[1-9]/.test(profit) ? "won" : "even";
}

function element<Kind extends HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}

function number(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 1) return String(Number(value.toPrecision(4)));
  return value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function signed(amount: string): string {
  const value = Number(amount);
  return value > 0 ? `+${number(value)}` : number(value);
}
