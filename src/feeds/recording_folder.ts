/** The recordings in a folder, recognised by their first lines. */
import { isNote, readNote, sinceOf, type TimedHead } from "../domain/recording_note.ts";
import { UnusableInput } from "../domain/unusable_input.ts";
import { type ByteSource, PeekedSource, readUpTo } from "./byte_source.ts";
import { InflateSource } from "./inflate_source.ts";
import { findInput, openInput, STANDARD_INPUT, unusable } from "./input_file.ts";

/** A recording that Penstock made, or one of the files of one. */
export interface FoundRecording {
  readonly path: string;
  /** In its folder. */
  readonly name: string;
  /** Its first line. */
  readonly head: TimedHead;
}

/** What to take of a folder. */
export interface Choice {
  /** Why a recording is not meant, in a few words; null where it is. */
  readonly against: (head: TimedHead) => string | null;
  /** The order of two recordings; by the times at which they were started unless it is given. */
  readonly order?: (a: TimedHead, b: TimedHead) => number;
  /** Told what was passed over in a folder, and why: one sentence a reason. */
  readonly onPassedOver: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** A first line is much shorter. */
const HEAD_BYTES = 4096;
/** Files that a line names; of the others it says how many they are. */
const NAMED = 5;
const NO_RECORDING = "no recordings of Penstock's";
const LINE_FEED = 10;
/** `part2` before `part10`. */
const NATURAL = new Intl.Collator("en", { numeric: true });

/**
 * The paths with each folder replaced by the recordings of Penstock's in it that `against` lets through, in the order
 * in which they were made. Folders in it are not looked into. A folder that holds none, and whatever is wrong with
 * other paths, is left to their reading. An abort of `signal` ends the looking. Throws UnusableInput where a folder may
 * not be read.
 */
export async function withFoldersOpened(paths: readonly string[], choice: Choice): Promise<string[]> {
  const opened: string[] = [];
  for (const path of paths) {
    if (await isFolder(path)) opened.push(...await chosenIn(path, choice));
    else opened.push(path);
  }
  return opened;
}

async function chosenIn(folder: string, choice: Choice): Promise<string[]> {
  const { against, onPassedOver, order = byTime, signal } = choice;
  const { recordings, others } = await recordingsIn(folder, signal);
  // It is refused with whatever else is wrong with the paths.
  if (recordings.length === 0) return signal?.aborted ? [] : [folder];
  const chosen: FoundRecording[] = [];
  const passedOver = new Map<string, string[]>(others.length === 0 ? [] : [[NO_RECORDING, [...others]]]);
  for (const recording of recordings) {
    const reason = against(recording.head);
    if (reason === null) chosen.push(recording);
    else passedOver.set(reason, [...passedOver.get(reason) ?? [], recording.name]);
  }
  for (const [reason, names] of passedOver) onPassedOver(passedOverText(folder, reason, names));
  return chosen.sort((a, b) => order(a.head, b.head) || NATURAL.compare(a.name, b.name))
    .map(({ path }) => path);
}

/** The recordings and the names of everything else in `folder`. */
async function recordingsIn(
  folder: string,
  signal?: AbortSignal,
): Promise<{ readonly recordings: readonly FoundRecording[]; readonly others: readonly string[] }> {
  const recordings: FoundRecording[] = [];
  const others: string[] = [];
  const prefix = /[\\/]$/.test(folder) ? folder : `${folder}/`;
  for (const name of await namesIn(folder)) {
    if (signal?.aborted) break;
    const path = `${prefix}${name}`;
    const head = await headOf(path, signal);
    if (head === null) others.push(name);
    else recordings.push({ path, name, head });
  }
  return { recordings, others };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.map(({ name }) => name).sort(NATURAL.compare);
  } catch (error) {
    throw unusable(folder, error);
  }
}

/** By the start of the recording, and then by part. */
function byTime(a: TimedHead, b: TimedHead): number {
  return sinceOf(a) - sinceOf(b) || byText(a.hash, b.hash) || partOf(a) - partOf(b);
}

/** The order of recordings of one journal, whatever the clock did meanwhile: by their entries, and then by part. */
export function byEntry(a: TimedHead, b: TimedHead): number {
  return (a.entry ?? 0) - (b.entry ?? 0) || partOf(a) - partOf(b);
}

function partOf({ part = 1 }: TimedHead): number {
  return part;
}

function byText(a = "", b = ""): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The first line of the file at `path`, plain or gzip, where it is a recording of Penstock's; else null. */
async function headOf(path: string, signal?: AbortSignal): Promise<TimedHead | null> {
  try {
    const file = await findInput(path);
    // A pipe may have nobody at its other end.
    if (file.size === null) return null;
    const source = await openInput(file, signal);
    try {
      return readHead(await firstLine(path, source));
    } finally {
      await source.close();
    }
  } catch (error) {
    if (!(error instanceof UnusableInput)) throw error;
    return null;
  }
}

/** The first line of a source, unpacked; null where it has none, or a longer one than any that is meant. */
async function firstLine(name: string, source: ByteSource): Promise<string | null> {
  const magic = await readUpTo(source, 2);
  const whole = new PeekedSource(magic, source);
  const text = magic[0] === 0x1f && magic[1] === 0x8b ? new InflateSource(name, "gzip", whole) : whole;
  try {
    const bytes = new Uint8Array(HEAD_BYTES);
    for (let filled = 0; filled < HEAD_BYTES;) {
      const count = await text.read(bytes.subarray(filled));
      if (count === null) return null;
      filled += count;
      const end = bytes.subarray(0, filled).indexOf(LINE_FEED);
      if (end >= 0) return new TextDecoder().decode(bytes.subarray(0, end));
    }
    return null;
  } finally {
    if (text !== whole) await text.close();
  }
}

function readHead(line: string | null): TimedHead | null {
  const [, time, text] = /^(\d{1,16}) (.*)$/.exec(line ?? "") ?? [];
  if (text === undefined || !isNote(text)) return null;
  const note = readNote(text);
  return note.event === "recording" ? { ...note, time: Number(time) } : null;
}

function passedOverText(folder: string, reason: string, names: readonly string[]): string {
  const named = names.slice(0, NAMED).join(", ");
  const more = names.length <= NAMED ? "" : ` and ${names.length - NAMED} more`;
  return `passed over in ${folder}, ${reason}: ${named}${more}`;
}

/** Whether a path leads to a folder; what cannot be looked at is none, and says more when it is read. */
async function isFolder(path: string): Promise<boolean> {
  if (path === STANDARD_INPUT) return false;
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}
