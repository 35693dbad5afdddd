/**
 * A WebSocket server in a worker that sends the same frames to every client as fast as the socket takes them. It
 * receives the encoded frames as a message and posts its port.
 */
import { writeAll } from "../../src/simulator/session.ts";
import { readRequest } from "../../src/simulator/http_request.ts";
import { acceptUpgrade, encodeClose } from "../../src/simulator/websocket.ts";

const CHUNK_BYTES = 64 * 1024;
const scope = self as unknown as {
  onmessage: (event: MessageEvent<Uint8Array<ArrayBuffer>>) => void;
  postMessage(port: number): void;
};

scope.onmessage = async ({ data: frames }) => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  scope.postMessage(listener.addr.port);
  for await (const connection of listener) serve(connection, frames);
};

async function serve(connection: Deno.TcpConn, frames: Uint8Array): Promise<void> {
  try {
    const request = await readRequest(connection);
    if (request === null) return;
    await writeAll(connection, acceptUpgrade(request));
    for (let at = 0; at < frames.length; at += CHUNK_BYTES) {
      await writeAll(connection, frames.subarray(at, at + CHUNK_BYTES));
    }
    await writeAll(connection, encodeClose(1000));
    while (await connection.read(new Uint8Array(256)) !== null);
  } catch {
    // A client that has seen enough closes the connection.
  } finally {
    connection.close();
  }
}
