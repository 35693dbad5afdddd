/**
 * Surroundings that are the same on every machine and every day, so that the program's output is too: a clock that
 * moves from timer to timer, a fixed port, process id and terminal width, and no randomness. Sockets, files and SQLite
 * are real. Nothing undoes these changes, so they need their own process.
 */
import { setImmediate } from "node:timers";

/** The time at which the clock starts, ms since 1970. */
export const START = Date.UTC(2026, 10, 29, 13, 31, 14);
const PORT = 43495;
const PID = 4711;
/** The width of the terminal, and of a narrow one. */
export const COLUMNS = 120;
export const FEW_COLUMNS = 100;
const ROWS = 30;

interface Timer {
  readonly at: number;
  readonly every: number | null;
  readonly run: () => void;
}

const real = {
  Date: globalThis.Date,
  setTimeout: globalThis.setTimeout,
  WebSocketStream: globalThis.WebSocketStream,
  fetch: globalThis.fetch,
  listen: Deno.listen,
  querySync: Deno.permissions.querySync.bind(Deno.permissions),
  write: Deno.stdout.writeSync.bind(Deno.stdout),
};

let now = START;
/** Added at each reading of the stopwatch, because work that took no time at all would have no speed. */
let readingMs = 0;
let readings = 0;
const timers = new Map<number, Timer>();
/** Actions in the order of their times. Unlike timers, they do not move the clock. */
const moments: Timer[] = [];
let lastTimer = 0;
/** Timers fire at multiples of this, ms. Otherwise a market of a thousand trades a second would take minutes. */
let grain = 1;
/** System calls that have not returned. */
let pending = 0;
/** Trades that the exchange has sent and the run has not received yet. */
let underWay = 0;
let realPort = 0;
let out = "";
let err = "";
let isTerminal = false;
let columns = COLUMNS;
/** Nobody presses a key. */
const keyPressed = new Promise<null>(() => {});

/** What a command wrote. */
export interface Written {
  readonly stdout: string;
  readonly stderr: string;
}

/** How often to check for the end of a command without timers: about ten seconds. */
const MOST_IDLE = 10_000;

/** Runs `command` to its end, moving the clock from timer to timer, and returns what it wrote. */
export async function written(command: () => Promise<unknown>, onTerminal = false): Promise<Written> {
  [out, err] = ["", ""];
  isTerminal = onTerminal;
  let isOver = false;
  const running = command().finally(() => isOver = true);
  running.catch(() => {});
  await settled();
  for (let idle = 0; !isOver; await settled()) {
    if (timers.size > 0) step();
    // Opening or closing something may be waiting for the system.
    else if (++idle > MOST_IDLE) throw new Error("The command waits for something, and no timer is set");
    else await new Promise((resolve) => real.setTimeout(resolve, 1));
  }
  await running;
  isTerminal = false;
  timers.clear();
  return soFar();
}

/** Calls `action` when the clock has reached `ms` after its start, while another command runs. */
export function at(ms: number, action: () => unknown): void {
  moments.push({ at: START + ms, every: null, run: () => void action() });
  moments.sort((a, b) => a.at - b.at);
}

/**
 * Runs a command that waits for no timer, perhaps while another command runs, and returns what it wrote. The clock does
 * not move, but each reading of the stopwatch takes `stopWatchMs`.
 */
export async function aside(
  command: () => Promise<unknown>,
  stopWatchMs = 0,
  onTerminal = false,
): Promise<Written> {
  const before = soFar();
  const wasTerminal = isTerminal;
  isTerminal = onTerminal;
  readingMs = stopWatchMs;
  readings = 0;
  await tracked(command());
  readingMs = 0;
  isTerminal = wasTerminal;
  const result = { stdout: out.slice(before.stdout.length), stderr: err.slice(before.stderr.length) };
  ({ stdout: out, stderr: err } = before);
  return result;
}

/** What the running command has written so far. */
export function soFar(): Written {
  return { stdout: out, stderr: err };
}

/** From now on, timers fire at multiples of `ms`. */
export function setGrain(ms: number): void {
  grain = ms;
}

/** Makes the terminal this wide. */
export function setColumns(count: number): void {
  columns = count;
}

/** Sets the clock to `ms` after the start. */
export function setClock(ms: number): void {
  now = START + ms;
}

/** Moves the clock to the next timer and calls it. */
function step(): void {
  let next: number | null = null;
  for (const [id, timer] of timers) if (next === null || timer.at < timers.get(next)!.at) next = id;
  if (next === null) return;
  const timer = timers.get(next)!;
  if (moments.length > 0 && moments[0]!.at <= timer.at) {
    now = Math.max(now, moments[0]!.at);
    return moments.shift()!.run();
  }
  timers.delete(next);
  now = Math.max(now, timer.at);
  if (timer.every !== null) timers.set(next, { ...timer, at: now + timer.every });
  timer.run();
}

/** How many turns of the event loop must pass with nothing pending before the clock moves. */
const QUIET_TURNS = 8;
/** Trades that have not arrived within this many turns were lost with their connection. */
const MOST_TURNS = 200;

/** Waits until everything under way has arrived and been handled. */
async function settled(): Promise<void> {
  let quiet = 0;
  for (let turn = 0; quiet < QUIET_TURNS; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (turn === MOST_TURNS) underWay = 0;
    quiet = pending > 0 || underWay > 0 ? 0 : quiet + 1;
  }
}

function tracked<T>(promise: Promise<T>): Promise<T> {
  pending++;
  return promise.finally(() => pending--);
}

function setTimer(run: TimerHandler, ms: number, every: boolean, args: readonly unknown[]): number {
  // Rounded up, because no timer fires before its time.
  const wait = Math.max(0, Math.ceil(Number(ms) || 0));
  const id = ++lastTimer;
  const call = () => (run as (...args: readonly unknown[]) => void)(...args);
  const at = START + Math.ceil((now + wait - START) / grain) * grain;
  timers.set(id, { at, every: every ? Math.max(1, wait) : null, run: call });
  return id;
}

/** System calls to wait for before the clock moves. */
const ASYNCHRONOUS = ("open stat lstat realPath readFile readTextFile writeFile writeTextFile " +
  "remove rename mkdir readLink truncate chmod").split(" ");

/** Tracks every call of an object's method. */
function trackCalls(owner: object, name: string): void {
  const methods = owner as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const call = methods[name]!;
  methods[name] = function (this: unknown, ...args: unknown[]) {
    return tracked(call.apply(this, args));
  };
}

type TimerHandler = (...args: never[]) => void;

/** How many trades are in a text that was sent or received. */
function tradesIn(text: string): number {
  return text.split(`"e":"trade"`).length - 1;
}

const LATIN = new TextDecoder("latin1");

/** Counts the trades that a connection sends. Trades that are lost with it are not waited for. */
function counted<T extends Deno.Conn>(conn: T): T {
  const write = conn.write.bind(conn);
  conn.write = async (bytes) => {
    const count = await tracked(write(bytes));
    underWay += tradesIn(LATIN.decode(bytes.subarray(0, count)));
    return count;
  };
  const close = conn.close.bind(conn);
  conn.close = () => {
    underWay = 0;
    close();
  };
  return conn;
}

class FixedDate extends real.Date {
  constructor(...args: unknown[]) {
    // deno-lint-ignore no-explicit-any -- its constructor has several forms
    super(...(args.length === 0 ? [now] : args) as [any]);
  }

  static override now(): number {
    return now;
  }
}

/** The program's WebSocket, which counts the trades that it receives. */
class CountingSocketStream extends real.WebSocketStream {
  readonly #opened: Promise<WebSocketConnection>;

  constructor(url: string, options?: WebSocketStreamOptions) {
    super(url.replace(`:${PORT}`, `:${realPort}`), options);
    this.#opened = tracked(super.opened).then((connection) => {
      const reader = connection.readable.getReader();
      const readable = new ReadableStream<string | Uint8Array<ArrayBuffer>>({
        async pull(controller) {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          if (typeof value === "string") underWay = Math.max(0, underWay - tradesIn(value));
          controller.enqueue(value);
        },
        cancel: (reason) => reader.cancel(reason),
      }, { highWaterMark: 0 });
      return { ...connection, readable };
    });
    this.#opened.catch(() => {});
  }

  override get opened(): Promise<WebSocketConnection> {
    return this.#opened;
  }
}

/** Replaces the program's surroundings. Call it before any of the program's modules is loaded. */
export function fixSurroundings(): void {
  Object.assign(globalThis, {
    Date: FixedDate,
    setTimeout: (run: TimerHandler, ms = 0, ...args: unknown[]) => setTimer(run, ms, false, args),
    setInterval: (run: TimerHandler, ms = 0, ...args: unknown[]) => setTimer(run, ms, true, args),
    clearTimeout: (id?: number) => void timers.delete(id ?? 0),
    clearInterval: (id?: number) => void timers.delete(id ?? 0),
    WebSocketStream: CountingSocketStream,
    fetch: async (url: string, init?: RequestInit) => {
      const ask = async () => {
        const response = await real.fetch(url.replace(`:${PORT}`, `:${realPort}`), init);
        const { status, statusText, headers } = response;
        return new Response(await response.arrayBuffer(), { status, statusText, headers });
      };
      return await tracked(ask());
    },
  });
  Object.defineProperty(performance, "timeOrigin", { value: START });
  performance.now = () => now - START + readingMs * ++readings;
  Math.random = () => 0.5;
  console.log = (text: string) => void (out += `${text}\n`);
  console.error = (text: string) => void (err += `${text}\n`);
  capture(Deno.stdout, (text) => out += text);
  capture(Deno.stderr, (text) => err += text);
  const read = Deno.stdin.read.bind(Deno.stdin);
  Object.assign(Deno.stdin, {
    isTerminal: () => isTerminal,
    setRaw: () => {},
    read: (into: Uint8Array<ArrayBuffer>) => isTerminal ? keyPressed : read(into),
  });
  Object.assign(Deno, {
    consoleSize: () => ({ columns, rows: ROWS }),
    listen: (options: Deno.ListenOptions) => {
      const listener = real.listen({ ...options, port: 0 }) as Deno.TcpListener;
      realPort = listener.addr.port;
      const accept = listener.accept.bind(listener);
      Object.defineProperty(listener, "addr", { value: { ...listener.addr, port: PORT } });
      listener.accept = async () => counted(await accept());
      return listener;
    },
  });
  for (const name of ASYNCHRONOUS) trackCalls(Deno, name);
  for (const name of ["read", "write", "sync", "syncData", "stat", "truncate", "lock"]) {
    trackCalls(Deno.FsFile.prototype, name);
  }
  Object.defineProperty(Deno, "pid", { value: PID });
  Object.defineProperty(Deno, "noColor", { value: false });
  Object.defineProperty(Deno, "build", { value: { ...Deno.build, os: "linux", arch: "x86_64" } });
  Object.assign(Deno.permissions, {
    // This process needs more permissions than a task of the program has.
    querySync: (asked: Deno.PermissionDescriptor) =>
      (asked.name === "read" || asked.name === "write") && asked.path === undefined
        ? { state: "prompt" }
        : real.querySync(asked),
    request: (asked: Deno.PermissionDescriptor) => Promise.resolve(real.querySync(asked)),
    revoke: (asked: Deno.PermissionDescriptor) => Promise.resolve(real.querySync(asked)),
  });
}

/** Passes what is written to a standard stream to `take`. */
function capture(stream: object, take: (text: string) => void): void {
  const decoder = new TextDecoder();
  const writeSync = (bytes: Uint8Array) => {
    take(decoder.decode(bytes, { stream: true }));
    return bytes.length;
  };
  const write = (bytes: Uint8Array) => Promise.resolve(writeSync(bytes));
  Object.assign(stream, { writeSync, write, isTerminal: () => isTerminal });
}

/** Writes to the real standard output of this process. */
export function print(text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(real.write(bytes));
}
