/** Finds the recordings in a folder by their first lines. */
import { isRecordingName } from "../../domain/recording/recording_name.ts";
import { isNote, readNote, sinceOf, type TimedHead } from "../../domain/recording/recording_note.ts";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import { type ByteSource, PeekedSource, readUpTo } from "./byte_source.ts";
import { InflateSource } from "./inflate_source.ts";
import { findInput, openInput, refuseOutward, STANDARD_INPUT, unusable } from "./input_file.ts";

/** A recording that Penstock made, or one of the files of one. */
export interface FoundRecording {
  readonly path: string;
  /** In its folder. */
  readonly name: string;
  /** Its first line. */
  readonly head: TimedHead;
}

/** Files of a folder that were skipped, for one reason. */
export interface PassedOver {
  readonly folder: string;
  /** In a few words that fit one file and several. */
  readonly reason: string;
  readonly names: readonly string[];
}

/** Which recordings to take from a folder. */
export interface Choice {
  /** Why a recording is skipped, in a few words; null if it is not. */
  readonly against: (head: TimedHead) => string | null | Promise<string | null>;
  /** The order of two recordings; by the times at which they were started unless it is given. */
  readonly order?: (a: TimedHead, b: TimedHead) => number;
  /** Called once for each reason for which anything in a folder was skipped. */
  readonly onPassedOver: (files: PassedOver) => void;
  readonly signal?: AbortSignal;
}

/** Any first line is much shorter. */
const HEAD_BYTES = 4096;
/** How many files a line names; it counts the others. */
const NAMED = 5;
const NO_RECORDING = "not recordings of Penstock's";
/** A recording whose process ended between creating the file and writing its first line, or is between the two. */
const EMPTY = "empty (a run was killed as it created the file, or has only just created it)";
const LINE_FEED = 10;
/** `part2` before `part10`. */
const NATURAL = new Intl.Collator("en", { numeric: true });

/**
 * The paths with each folder replaced by the recordings of Penstock's in it that `against` lets through, in the order
 * in which they were made. Folders in it are not looked into. A folder that holds none, and whatever is wrong with
 * other paths, is left to their reading. An abort of `signal` ends the looking. Throws UnusableInput if a folder may
 * not be read.
 */
export async function withFoldersOpened(paths: readonly string[], choice: Choice): Promise<string[]> {
  const opened: string[] = [];
  for (const path of paths) {
    if (path !== STANDARD_INPUT) refuseOutward(path);
    if (await isFolder(path)) opened.push(...await chosenIn(path, choice));
    else opened.push(path);
  }
  return opened;
}

async function chosenIn(folder: string, choice: Choice): Promise<string[]> {
  const { against, onPassedOver, order = byTime, signal } = choice;
  const { recordings, empty, others } = await recordingsIn(folder, signal);
  // It is refused together with everything else that is wrong with the paths.
  if (recordings.length === 0) return signal?.aborted ? [] : [folder];
  const chosen: FoundRecording[] = [];
  const passedOver = new Map<string, string[]>();
  if (others.length > 0) passedOver.set(NO_RECORDING, [...others]);
  if (empty.length > 0) passedOver.set(EMPTY, [...empty]);
  for (const recording of recordings) {
    const reason = await against(recording.head);
    if (reason === null) chosen.push(recording);
    else passedOver.set(reason, [...passedOver.get(reason) ?? [], recording.name]);
  }
  for (const [reason, names] of passedOver) onPassedOver({ folder, reason, names });
  return chosen.sort((a, b) => order(a.head, b.head) || NATURAL.compare(a.name, b.name))
    .map(({ path }) => path);
}

/** What is in a folder: recordings, and the names of those without a line yet and of everything else. */
interface Contents {
  readonly recordings: readonly FoundRecording[];
  readonly empty: readonly string[];
  readonly others: readonly string[];
}

async function recordingsIn(folder: string, signal?: AbortSignal): Promise<Contents> {
  const recordings: FoundRecording[] = [];
  const empty: string[] = [];
  const others: string[] = [];
  const prefix = /[\\/]$/.test(folder) ? folder : `${folder}/`;
  for (const name of await namesIn(folder)) {
    if (signal?.aborted) break;
    const path = `${prefix}${name}`;
    const head = await headOf(path, signal);
    if (head !== null) recordings.push({ path, name, head });
    else if (isRecordingName(name) && await isEmpty(path)) empty.push(name);
    else others.push(name);
  }
  return { recordings, empty, others };
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
    // Nobody may be at the other end of a pipe.
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

/** The first line of a source, unpacked; null if it has none, or a longer one than any that is meant. */
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

/** The warning in one sentence, with the first few names. */
export function passedOverText({ folder, reason, names }: PassedOver): string {
  const named = names.slice(0, NAMED).join(", ");
  const more = names.length <= NAMED ? "" : ` and ${names.length - NAMED} more`;
  return `skipped in ${folder}, ${reason}: ${named}${more}`;
}

async function isEmpty(path: string): Promise<boolean> {
  try {
    const { isFile, size } = await Deno.stat(path);
    return isFile && size === 0;
  } catch {
    return false;
  }
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
