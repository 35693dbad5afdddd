/** Files that a run or a backtest creates are readable by their owner only. */
import { assertEquals } from "@std/assert";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { inProcess } from "../support/in_process.ts";
import { finishHere } from "../support/program_here.ts";

const ignore = Deno.build.os === "windows";

function mode(path: string): string {
  return (Deno.statSync(path).mode! & 0o777).toString(8);
}

async function succeeds(...args: string[]): Promise<void> {
  const { code, stderr } = args[0] === "run" ? await finishHere(...args) : await inProcess(...args);
  assertEquals(code, 0, stderr);
}

Deno.test({
  name: "penstock creates journals, recordings, results and their folders readable by their owner only",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await using exchange = BuiltInExchange.listen({ rate: 1_000 });
      const { endpoint, restEndpoint } = exchange;
      const live = [
        "--stop-after=100",
        "--log-level=error",
        "--endpoint",
        endpoint,
        "--rest-endpoint",
        restEndpoint,
      ];
      const [journal, recording] = [`${folder}/data/run.db`, `${folder}/rec/frames.txt`];
      await succeeds("run", `--state=${journal}`, `--record=${recording}`, ...live);
      await succeeds("run", "--state=none", `--record=${folder}/deep/recordings/`, ...live);
      const [day] = [...Deno.readDirSync(`${folder}/deep/recordings`)].map(({ name }) => name);
      const result = `${folder}/result.json`;
      await succeeds("backtest", `--out=${result}`, recording);
      assertEquals(
        [journal, recording, `${folder}/deep/recordings/${day}`, result].map(mode),
        Array(4).fill("600"),
      );
      assertEquals(
        ["data", "rec", "deep/recordings"].map((name) => mode(`${folder}/${name}`)),
        Array(3).fill("700"),
      );

      // Permissions that the user changed stay.
      Deno.chmodSync(result, 0o644);
      Deno.chmodSync(`${folder}/data`, 0o755);
      Deno.chmodSync(journal, 0o640);
      await succeeds("backtest", `--out=${result}`, recording);
      await succeeds("run", `--state=${journal}`, ...live);
      assertEquals([result, `${folder}/data`, journal].map(mode), ["644", "755", "640"]);
    }),
});
