import { FAULT_KINDS, type FaultKind } from "../domain/market/fault_kinds.ts";
import { Random } from "./random.ts";

/** Something that goes wrong with the exchange; {@link FAULT_KINDS} says what each kind does. */
export type FaultAction =
  | {
    readonly kind:
      | "drop"
      | "close"
      | "stall"
      | "half-open"
      | "no-close"
      | "malformed"
      | "reorder"
      | "shutdown";
  }
  | { readonly kind: "duplicate" | "hole"; readonly count: number }
  | { readonly kind: "slow"; readonly delayMs: number }
  | {
    readonly kind: "refuse";
    readonly status: number;
    readonly retryAfterSeconds: number;
    readonly count: number;
  };

/** A fault and its place: it happens after the trade number `at` (0: before the first), or at random places. */
export type Fault =
  | FaultAction & { readonly at: number }
  | { readonly kind: "random"; readonly every: number };

/**
 * Reads a fault plan such as `drop@2000,hole=3@8000,refuse=429:2@10000,random=500`: items separated by commas,
 * each in one of the forms of {@link FAULT_KINDS}; N counts released trades. Empty text is an empty plan.
 *
 * @throws {RangeError} naming the first item that cannot be read, and the forms that can
 */
export function parseFaults(text: string): Fault[] {
  if (text.trim() === "") return [];
  return text.split(",").map((item) => parseFault(item.trim()));
}

function parseFault(item: string): Fault {
  const match = /^([a-z-]+)(?:=([0-9:]*))?(?:@([0-9]+))?$/.exec(item);
  const kind = match?.[1] ?? "";
  if (match === null || !Object.hasOwn(FAULT_KINDS, kind)) throw unreadable(item, allForms());
  const known = kind as FaultKind;
  const refuse = () => unreadable(item, FAULT_KINDS[known][0]);
  const numbers = match[2] === undefined ? [] : match[2].split(":").map(Number);
  const place = match[3];
  if (match[2]?.split(":").includes("") || !numbers.every(Number.isSafeInteger)) throw refuse();

  const [first, second, third = 1] = numbers;
  if (known === "random") {
    const every = first ?? 1000;
    if (place !== undefined || numbers.length > 1 || every < 1) throw refuse();
    return { kind: known, every };
  }
  const at = Number(place);
  if (place === undefined || !Number.isSafeInteger(at)) throw refuse();
  switch (known) {
    case "duplicate":
    case "hole":
      if (numbers.length !== 1 || !within(first, 1, 1000)) throw refuse();
      return { kind: known, count: first, at };
    case "slow":
      if (numbers.length !== 1 || !within(first, 1, 3_600_000)) throw refuse();
      return { kind: known, delayMs: first, at };
    case "refuse":
      if (numbers.length > 3 || !within(first, 400, 599) || !within(second, 0, 86_400) || third < 1) {
        throw refuse();
      }
      return { kind: known, status: first, retryAfterSeconds: second, count: third, at };
    default:
      if (numbers.length > 0) throw refuse();
      return { kind: known, at };
  }
}

function within(value: number | undefined, low: number, high: number): value is number {
  return value !== undefined && value >= low && value <= high;
}

function allForms(): string {
  return Object.values(FAULT_KINDS).map(([form]) => form).join(", ");
}

function unreadable(item: string, forms: string): RangeError {
  return new RangeError(`Cannot read the fault "${item}": expected ${forms}`);
}

/** The faults that are still to come, in the order of their places. */
export class FaultPlan {
  readonly #placed: (FaultAction & { readonly at: number })[] = [];
  readonly #random: Random;
  readonly #every: number;
  #nextRandom = Infinity;

  /** @param seed decides which random faults happen, and where */
  constructor(faults: readonly Fault[], seed: number) {
    this.#random = new Random(seed, 1);
    let every = Infinity;
    for (const fault of faults) {
      if (fault.kind === "random") every = Math.min(every, fault.every);
      else this.#placed.push(fault);
    }
    this.#placed.sort((left, right) => left.at - right.at);
    this.#every = every;
    if (every < Infinity) this.#nextRandom = this.#distance();
  }

  /** The place of the next fault in released trades; Infinity when there is none. */
  get next(): number {
    return Math.min(this.#placed[0]?.at ?? Infinity, this.#nextRandom);
  }

  /** Removes and returns the faults due once this many trades are released. */
  take(released: number): FaultAction[] {
    const due: FaultAction[] = [];
    while (this.next <= released) {
      if ((this.#placed[0]?.at ?? Infinity) <= this.#nextRandom) {
        due.push(this.#placed.shift()!);
      } else {
        this.#nextRandom += this.#distance();
        due.push(this.#draw());
      }
    }
    return due;
  }

  #distance(): number {
    return Math.max(1, Math.round(this.#every * (0.5 + this.#random.uniform())));
  }

  #draw(): FaultAction {
    const random = this.#random;
    switch (random.below(12)) {
      case 0:
        return { kind: "close" };
      case 1:
        return { kind: "stall" };
      case 2:
        return { kind: "half-open" };
      case 3:
        return { kind: "no-close" };
      case 4:
        return { kind: "duplicate", count: 1 + random.below(10) };
      case 5:
        return { kind: "hole", count: 1 + random.below(10) };
      case 6:
        return { kind: "malformed" };
      case 7:
        return { kind: "reorder" };
      case 8:
        return { kind: "slow", delayMs: 100 + random.below(900) };
      case 9:
        return { kind: "refuse", status: random.below(2) === 0 ? 429 : 503, retryAfterSeconds: 1, count: 1 };
      case 10:
        return { kind: "shutdown" };
      default:
        return { kind: "drop" };
    }
  }
}
