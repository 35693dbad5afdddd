import { createHash } from "node:crypto";
import { Refused } from "../domain/process/http_head.ts";
import type { HttpRequest } from "./http_request.ts";

/** A whole message or control frame from a client. */
export type ClientMessage =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "binary" | "ping" | "pong"; readonly payload: Uint8Array<ArrayBuffer> }
  | { readonly type: "close"; readonly code: number | null };

/** A client broke RFC 6455; `code` is the close code for it. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const LONGEST_MESSAGE = 64 * 1024;
/** Even an empty fragment takes memory. */
const MOST_FRAGMENTS = 1024;
const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();

/** Whether the client asks to leave HTTP for the WebSocket protocol. */
export function asksForUpgrade({ headers }: HttpRequest): boolean {
  return headers.get("upgrade")?.toLowerCase() === "websocket";
}

/**
 * The answer that opens the connection.
 *
 * @throws {Refused} 400 or 426 if the handshake does not follow RFC 6455, version 13
 */
export function acceptUpgrade({ headers }: HttpRequest): Uint8Array {
  if (!/(^|,)\s*upgrade\s*(,|$)/i.test(headers.get("connection") ?? "")) {
    throw new Refused(400, "The Connection header does not say Upgrade");
  }
  if (headers.get("sec-websocket-version") !== "13") {
    throw new Refused(426, "Only version 13 is understood", { "Sec-WebSocket-Version": "13" });
  }
  const key = headers.get("sec-websocket-key") ?? "";
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) {
    throw new Refused(400, "The Sec-WebSocket-Key is not 16 bytes in base64");
  }
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return encoder.encode(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}

function encodeFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = new Uint8Array(header + length);
  const view = new DataView(frame.buffer);
  frame[0] = 0x80 | opcode;
  frame[1] = header === 2 ? length : header === 4 ? 126 : 127;
  if (header === 4) view.setUint16(2, length);
  if (header === 10) view.setBigUint64(2, BigInt(length));
  frame.set(payload, header);
  return frame;
}

/** A text frame, or a binary one for bytes. */
export function encodeMessage(message: string | Uint8Array): Uint8Array {
  return typeof message === "string"
    ? encodeFrame(TEXT, encoder.encode(message))
    : encodeFrame(BINARY, message);
}

/** A ping frame; its payload may be 125 bytes long. */
export function encodePing(payload: string): Uint8Array {
  return encodeFrame(PING, encoder.encode(payload));
}

/** A pong frame that echoes this payload. */
export function encodePong(payload: Uint8Array): Uint8Array {
  return encodeFrame(PONG, payload);
}

/** A close frame; its reason is cut to what the frame can carry. */
export function encodeClose(code: number | null, reason = ""): Uint8Array {
  if (code === null) return encodeFrame(CLOSE, NOTHING);
  const payload = new Uint8Array(125);
  new DataView(payload.buffer).setUint16(0, code);
  const { written } = encoder.encodeInto(reason, payload.subarray(2));
  return encodeFrame(CLOSE, payload.subarray(0, 2 + written));
}

/**
 * Many text frames that leave in one write. Their text is collected with room for the headers and encoded at
 * once, which is several times faster than frame by frame.
 */
export class ServerFrames {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #lengths: number[] = [];
  readonly #isAscii: boolean;
  #text = "";
  #size = 0;

  /**
   * @param size of a batch in bytes
   * @param isAscii whether all messages are ASCII: then their bytes need not be counted. Default true
   */
  constructor(size: number, isAscii = true) {
    this.#bytes = new Uint8Array(size);
    this.#isAscii = isAscii;
  }

  /** Adds a frame of text below 64 KiB; returns false, and adds nothing, if it no longer fits. */
  add(text: string): boolean {
    const length = this.#isAscii ? text.length : encoder.encode(text).length;
    const room = length < 126 ? "  " : "    ";
    const size = this.#size + room.length + length;
    if (size > this.#bytes.length) return false;
    this.#text += room + text;
    this.#size = size;
    this.#lengths.push(length);
    return true;
  }

  /**
   * The frames so far; the batch is empty afterwards. The bytes are valid until the next call.
   *
   * @throws {TypeError} when a text is not ASCII although `isAscii` is set
   */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes;
    const { written } = encoder.encodeInto(this.#text, bytes);
    if (written !== this.#size) throw new TypeError("Trades must be written in ASCII");
    let at = 0;
    for (const length of this.#lengths) {
      bytes[at++] = 0x80 | TEXT;
      if (length < 126) {
        bytes[at++] = length;
      } else {
        bytes[at++] = 126;
        bytes[at++] = length >> 8;
        bytes[at++] = length & 0xff;
      }
      at += length;
    }
    this.#text = "";
    this.#size = 0;
    this.#lengths.length = 0;
    return bytes.subarray(0, written);
  }
}

/** Reads a client's frames from bytes in any pieces. After a {@link ProtocolError} it must not be used again. */
export class ClientFrames {
  #bytes: Uint8Array<ArrayBuffer> = NOTHING;
  #fragments: Uint8Array<ArrayBuffer>[] = [];
  #fragmentsLength = 0;
  #fragmentedOpcode = 0;

  /**
   * The messages that these bytes complete.
   *
   * @throws {ProtocolError} 1002 for a broken frame, 1007 for text that is not UTF-8, 1009 above 64 KiB or 1,024 fragments
   */
  *push(chunk: Uint8Array<ArrayBuffer>): Generator<ClientMessage> {
    this.#bytes = concat([this.#bytes, chunk]);
    while (true) {
      const frame = this.#takeFrame();
      if (frame === null) return;
      const message = this.#accept(frame.opcode, frame.final, frame.payload);
      if (message !== null) yield message;
    }
  }

  #takeFrame(): { opcode: number; final: boolean; payload: Uint8Array<ArrayBuffer> } | null {
    const bytes = this.#bytes;
    const [first, second] = bytes;
    if (first === undefined) return null;
    const opcode = first & 0x0f;
    const final = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) throw new ProtocolError(1002, "Reserved bits are set");
    if (second === undefined) return null;
    if ((second & 0x80) === 0) throw new ProtocolError(1002, "Frames from a client must be masked");
    const short = second & 0x7f;
    if (opcode >= CLOSE && (short > 125 || !final)) {
      throw new ProtocolError(1002, "Control frames must be whole and at most 125 bytes long");
    }
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < header) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const length = short < 126 ? short : short === 126 ? view.getUint16(2) : Number(view.getBigUint64(2));
    const earlier = opcode >= CLOSE ? 0 : this.#fragmentsLength;
    if (earlier + length > LONGEST_MESSAGE) {
      throw new ProtocolError(1009, `Messages may be at most ${LONGEST_MESSAGE} bytes long`);
    }
    const start = header + 4;
    if (bytes.length < start + length) return null;
    const payload = bytes.slice(start, start + length);
    for (let index = 0; index < length; index++) payload[index]! ^= bytes[header + (index & 3)]!;
    this.#bytes = bytes.subarray(start + length);
    return { opcode, final, payload };
  }

  #accept(opcode: number, final: boolean, payload: Uint8Array<ArrayBuffer>): ClientMessage | null {
    switch (opcode) {
      case PING:
        return { type: "ping", payload };
      case PONG:
        return { type: "pong", payload };
      case CLOSE:
        return { type: "close", code: closeCode(payload) };
      case 0:
        if (this.#fragmentedOpcode === 0) throw new ProtocolError(1002, "There is no message to continue");
        break;
      case TEXT:
      case BINARY:
        if (this.#fragmentedOpcode !== 0) {
          throw new ProtocolError(1002, "The previous message is not finished");
        }
        this.#fragmentedOpcode = opcode;
        break;
      default:
        throw new ProtocolError(1002, `Opcode ${opcode} is reserved`);
    }
    if (this.#fragments.length === MOST_FRAGMENTS) {
      throw new ProtocolError(1009, `Messages may have at most ${MOST_FRAGMENTS} fragments`);
    }
    this.#fragments.push(payload);
    this.#fragmentsLength += payload.length;
    if (!final) return null;
    const whole = concat(this.#fragments);
    const type = this.#fragmentedOpcode;
    this.#fragments = [];
    this.#fragmentsLength = 0;
    this.#fragmentedOpcode = 0;
    return type === TEXT ? { type: "text", text: decodeText(whole) } : { type: "binary", payload: whole };
  }
}

function closeCode(payload: Uint8Array<ArrayBuffer>): number | null {
  if (payload.length === 0) return null;
  if (payload.length === 1) throw new ProtocolError(1002, "The close frame is cut short");
  const code = new DataView(payload.buffer, payload.byteOffset).getUint16(0);
  decodeText(payload.subarray(2));
  const registered = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  if (!registered && (code < 3000 || code > 4999)) {
    throw new ProtocolError(1002, `Close code ${code} is not allowed`);
  }
  return code;
}

function decodeText(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ProtocolError(1007, "Text must be UTF-8");
  }
}

function concat(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const filled = parts.filter((part) => part.length > 0);
  if (filled.length <= 1) return filled[0]?.slice() ?? NOTHING;
  const whole = new Uint8Array(filled.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of filled) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
