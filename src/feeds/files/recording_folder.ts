/** Finds the recordings in a folder by their first lines. */
import { isRecordingName } from "../../domain/recording/recording_name.ts";
import { isNote, readNote, sinceOf, type TimedHead } from "../../domain/recording/recording_note.ts";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import { type ByteSource, PeekedSource, readUpTo } from "./byte_source.ts";
import { InflateSource, TruncatedInput } from "./inflate_source.ts";
import { findInput, openInput, refuseOutward, STANDARD_INPUT, unusable } from "./input_file.ts";

/** A recording that Penstock made, or one file of it. */
export interface FoundRecording {
  readonly path: string;
  /** Its name in the folder, or its path if it was given as a file. */
  readonly name: string;
  /** Its first line. */
  readonly head: TimedHead;
}

/** Files of a folder that were skipped for one reason. */
export interface SkippedFiles {
  readonly folder: string;
  /** A few words that fit one file as well as several. */
  readonly reason: string;
  readonly names: readonly string[];
}

/** Which recordings to take from a folder. */
export interface Choice {
  /** Why a recording is skipped, in a few words; null if it is not. */
  readonly against: (head: TimedHead) => string | null | Promise<string | null>;
  /** Compares two recordings for their order; by default, by the times when they started. */
  readonly order?: (a: TimedHead, b: TimedHead) => number;
  /** Called once for each reason to skip files of a folder. */
  readonly onSkipped: (files: SkippedFiles) => void;
  readonly signal?: AbortSignal;
}

/** Much more than any first line takes. */
const HEAD_BYTES = 4096;
/** How many files a warning names. It counts the others. */
const NAMED = 5;
const NO_RECORDING = "not Penstock recordings";
/** The reason for an empty recording. */
const EMPTY = "empty (a run was killed as it created the file, or has only just created it)";
const LINE_FEED = 10;
/** `part2` before `part10`; null until it is needed, because making it takes a while. */
let natural: Intl.Collator | null = null;

/**
 * The paths, with each folder replaced by those of its recordings that `against` lets through, in the order in which
 * they were made. Does not look into folders of a folder. A folder without recordings, and any other path, stays as it
 * is, so that reading it shows what is wrong with it. Aborting `signal` ends the search. Throws UnusableInput if the
 * program may not read a folder.
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

/** Recordings that are given as files, and those in folders that are given. */
export interface GivenRecordings {
  readonly files: readonly FoundRecording[];
  readonly inFolders: readonly FoundRecording[];
}

/**
 * The recordings among files and in folders, by their first lines. Standard input, pipes and archives show theirs only
 * when they are read, and are left out. Aborting `signal` ends the search. Throws UnusableInput if the program may not
 * read a folder.
 */
export async function recordingsAmong(
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<GivenRecordings> {
  const files: FoundRecording[] = [];
  const inFolders: FoundRecording[] = [];
  for (const path of paths) {
    if (path === STANDARD_INPUT || signal?.aborted) continue;
    refuseOutward(path);
    if (await isFolder(path)) inFolders.push(...(await recordingsIn(path, signal)).recordings);
    else {
      const head = await headOf(path, signal);
      if (head !== null) files.push({ path, name: path, head });
    }
  }
  return { files, inFolders };
}

async function chosenIn(folder: string, choice: Choice): Promise<string[]> {
  const { against, onSkipped, order = byTime, signal } = choice;
  const { recordings, empty, others } = await recordingsIn(folder, signal);
  // The folder is refused later, with everything else that is wrong with the paths.
  if (recordings.length === 0) return signal?.aborted ? [] : [folder];
  const chosen: FoundRecording[] = [];
  const skipped = new Map<string, string[]>();
  if (others.length > 0) skipped.set(NO_RECORDING, [...others]);
  if (empty.length > 0) skipped.set(EMPTY, [...empty]);
  for (const recording of recordings) {
    const reason = await against(recording.head);
    if (reason === null) chosen.push(recording);
    else skipped.set(reason, [...skipped.get(reason) ?? [], recording.name]);
  }
  for (const [reason, names] of skipped) onSkipped({ folder, reason, names });
  return chosen.sort((a, b) => order(a.head, b.head) || byName(a.name, b.name))
    .map(({ path }) => path);
}

/** What is in a folder: recordings, the names of recordings without a line yet, and the names of all other files. */
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
    else if (isRecordingName(name) && await hasNoLine(path, signal)) empty.push(name);
    else others.push(name);
  }
  return { recordings, empty, others };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.map(({ name }) => name).sort(byName);
  } catch (error) {
    throw unusable(folder, error);
  }
}

function byName(one: string, other: string): number {
  natural ??= new Intl.Collator("en", { numeric: true });
  return natural.compare(one, other);
}

/** Compares recordings by their start, then by part. */
function byTime(a: TimedHead, b: TimedHead): number {
  return sinceOf(a) - sinceOf(b) || byText(a.hash, b.hash) || partOf(a) - partOf(b);
}

/** Compares recordings of one journal by their entries, then by part, which does not depend on the clock. */
export function byEntry(a: TimedHead, b: TimedHead): number {
  return (a.entry ?? 0) - (b.entry ?? 0) || partOf(a) - partOf(b);
}

function partOf({ part = 1 }: TimedHead): number {
  return part;
}

function byText(a = "", b = ""): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The first line of the file at `path`, plain or gzip, if Penstock recorded it, otherwise null. */
async function headOf(path: string, signal?: AbortSignal): Promise<TimedHead | null> {
  try {
    return readHead(await firstLineOf(path, signal));
  } catch (error) {
    if (!(error instanceof UnusableInput)) throw error;
    return null;
  }
}

/** Whether the file at `path` ends before its first line does: a crash tore that line, or it is empty. */
async function hasNoLine(path: string, signal?: AbortSignal): Promise<boolean> {
  try {
    const { isFile, size } = await Deno.stat(path);
    return isFile && (size === 0 || size < HEAD_BYTES && await firstLineOf(path, signal) === null);
  } catch (error) {
    return error instanceof TruncatedInput;
  }
}

/** The first line of the file at `path`, plain or gzip; null if it has none, or one too long for a recording. */
async function firstLineOf(path: string, signal?: AbortSignal): Promise<string | null> {
  const file = await findInput(path);
  // A pipe may have no writer.
  if (file.size === null) return null;
  const source = await openInput(file, signal);
  try {
    return await firstLine(path, source);
  } finally {
    await source.close();
  }
}

/** The first line of a source, decompressed; null if it has none, or one too long for a recording. */
async function firstLine(name: string, source: ByteSource): Promise<string | null> {
  const magic = await readUpTo(source, 2);
  const whole = new PeekedSource(magic, source);
  const text = magic[0] === 0x1f && magic[1] === 0x8b ? await InflateSource.open(name, "gzip", whole) : whole;
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
export function skippedText({ folder, reason, names }: SkippedFiles): string {
  const named = names.slice(0, NAMED).join(", ");
  const more = names.length <= NAMED ? "" : ` and ${names.length - NAMED} more`;
  return `skipped in ${folder}, ${reason}: ${named}${more}`;
}

/** Whether a path leads to a folder. A path that cannot be inspected counts as none: reading it will show why. */
async function isFolder(path: string): Promise<boolean> {
  if (path === STANDARD_INPUT) return false;
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}
