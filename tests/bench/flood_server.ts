/**
 * A process with a WebSocket server that sends trade messages to every client, the same `FRAMES` each time, as fast as
 * the socket takes them and in pieces of 64 kB. It prints its port and ends when its standard input does.
 */
import { writeAll } from "../../src/simulator/session.ts";
import { readRequest } from "../../src/simulator/http_request.ts";
import { acceptUpgrade, encodeClose, encodeMessage } from "../../src/simulator/websocket.ts";
import { FRAMES, makeMessages, MESSAGES } from "./stream.ts";

const PIECE_BYTES = 64 * 1024;

const frames = framesOf(makeMessages());
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(listener.addr.port);
(async () => {
  while (await Deno.stdin.read(new Uint8Array(1)) !== null);
  Deno.exit();
})();
for await (const connection of listener) serve(connection);

function framesOf(messages: readonly string[]): Uint8Array {
  const encoded = messages.map(encodeMessage);
  const length = encoded.reduce((sum, frame) => sum + frame.length, 0);
  const all = new Uint8Array(length * FRAMES / MESSAGES);
  let at = 0;
  for (let i = 0; i < FRAMES; i++) {
    const frame = encoded[i % MESSAGES]!;
    all.set(frame, at);
    at += frame.length;
  }
  return all;
}

async function serve(connection: Deno.TcpConn): Promise<void> {
  try {
    const request = await readRequest(connection);
    if (request === null) return;
    await writeAll(connection, acceptUpgrade(request));
    for (let at = 0; at < frames.length; at += PIECE_BYTES) {
      await writeAll(connection, frames.subarray(at, at + PIECE_BYTES));
    }
    await writeAll(connection, encodeClose(1000));
    while (await connection.read(new Uint8Array(256)) !== null);
  } catch {
    // A client that has seen enough closes the connection.
  } finally {
    connection.close();
  }
}
