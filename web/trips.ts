/** The table of round trips, which can be sorted and filtered, a page at a time. */
import type { Run, Trip } from "./page_data.ts";
import { momentText, onZone, spanText } from "./times.ts";

const PAGE = 50;

/** A column of the table. */
interface Column {
  readonly title: string;
  readonly value: (trip: Trip) => number | string;
  /** The text of a cell in a table of these trips. */
  readonly text: (trips: readonly Trip[]) => (trip: Trip) => string;
  readonly isNumber: boolean;
}

/** At least this many digits are shown of the largest price, and of the largest other amount. */
const PRICE_DIGITS = 7;
const LEAST_DIGITS = 3;
const MOST_PLACES = 8;

const COLUMNS: readonly Column[] = [
  column("#", ({ number }) => number, String, true),
  column("Entry", ({ entry }) => entry, momentText, false),
  column("Exit", ({ exit }) => exit, momentText, false),
  amounts("Entry price", ({ entryPrice }) => entryPrice, PRICE_DIGITS),
  amounts("Exit price", ({ exitPrice }) => exitPrice, PRICE_DIGITS),
  {
    title: "Quantity",
    value: ({ quantity }) => Number(quantity),
    text: quantities,
    isNumber: true,
  },
  amounts("Cost", ({ cost }) => Number(cost)),
  amounts("Fees", ({ fees }) => Number(fees)),
  amounts("Profit", ({ profit }) => Number(profit), LEAST_DIGITS, true),
  amounts("Best", ({ best }) => best),
  amounts("Worst", ({ worst }) => worst),
  column("Held", ({ entry, exit }) => exit - entry, spanText, true),
  column("Cause", ({ cause }) => cause, (cause) => cause, false),
];

function column<Value extends number | string>(
  title: string,
  value: (trip: Trip) => Value,
  text: (value: Value) => string,
  isNumber: boolean,
): Column {
  return { title, value, text: () => (trip) => text(value(trip)), isNumber };
}

/** Quantities with every digit, padded with zeros to the most decimals that any of them has. */
function quantities(trips: readonly Trip[]): (trip: Trip) => string {
  const decimals = (text: string): string => text.split(".")[1] ?? "";
  const places = trips.reduce((most, { quantity }) => Math.max(most, decimals(quantity).length), 0);
  return ({ quantity }) => {
    const [whole = ""] = quantity.split(".");
    return places === 0 ? whole : `${whole}.${decimals(quantity).padEnd(places, "0")}`;
  };
}

/**
 * A column of amounts, all with the same decimals: enough to show this many digits of the largest, and at least two.
 */
function amounts(
  title: string,
  value: (trip: Trip) => number,
  digits = LEAST_DIGITS,
  isSigned = false,
): Column {
  return {
    title,
    value,
    text: (trips) => {
      const largest = trips.reduce((most, trip) => Math.max(most, Math.abs(value(trip))), 0);
      const whole = largest === 0 ? 1 : Math.floor(Math.log10(largest)) + 1;
      const places = Math.min(MOST_PLACES, Math.max(2, digits - whole));
      return (trip) => {
        const shown = value(trip);
        const text = shown.toLocaleString("en", {
          minimumFractionDigits: places,
          maximumFractionDigits: places,
        });
        return isSigned && shown > 0 ? `+${text}` : text;
      };
    },
    isNumber: true,
  };
}

/** Columns that need the prices between events. */
const BETWEEN_EVENTS = ["Best", "Worst"];

/** The table, and which of its rows are shown. */
export class TripTable {
  readonly #run: Run;
  readonly #columns: readonly (Column & { readonly shown: (trip: Trip) => string })[];
  readonly #onSelect: (trip: Trip) => void;
  #rows: readonly Trip[];
  #sorted = 0;
  #isDescending = false;
  #page = 0;
  #selected: Trip | null = null;

  /**
   * Fills the table of the page. `onSelect` is called with the round trip that the reader chooses. The times follow
   * changes of the zone until `signal` is aborted.
   */
  constructor(run: Run, onSelect: (trip: Trip) => void, signal: AbortSignal) {
    this.#run = run;
    this.#columns = COLUMNS
      .filter(({ title }) => !run.isAtEvents || !BETWEEN_EVENTS.includes(title))
      .map((column) => ({ ...column, shown: column.text(run.trips) }));
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
    onZone(() => this.#show(), signal);
    this.#filter();
  }

  /** Marks a round trip and shows the page that has it. */
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
    document.querySelector("#trips tbody tr[aria-current=true]")?.scrollIntoView({ block: "nearest" });
  }

  #head(): void {
    const row = document.querySelector("#trips thead tr")!;
    for (const [at, { title, isNumber }] of this.#columns.entries()) {
      const cell = document.createElement("th");
      cell.scope = "col";
      if (isNumber) cell.className = "number";
      if (title === "Profit") cell.classList.add("profit");
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
    row.setAttribute("aria-current", String(trip === this.#selected));
    for (const { title, shown, isNumber } of this.#columns) {
      const cell = row.insertCell();
      cell.textContent = shown(trip);
      if (isNumber) cell.className = "number";
      if (title === "Profit") cell.classList.add("profit", outcomeOf(trip));
    }
    const choose = (): void => {
      this.#selected = trip;
      for (const other of row.parentElement!.children) {
        other.setAttribute("aria-current", String(other === row));
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

  /** Saves the filtered rows as CSV, with every digit. */
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
