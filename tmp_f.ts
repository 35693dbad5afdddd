import { BytesInMemory } from "./src/feeds/files/byte_source.ts";
import { parquetChunks } from "./src/feeds/files/parquet_file.ts";
import { parquetOf } from "./src/formats/parquet.ts";
const layout = parquetOf(null, null).layoutOf({
  bytes: new TextEncoder().encode("PAR1"),
  text: null,
  isFirst: true,
}) as never;
const counts = new Map<string, number>();
for (const name of ["doubles", "texts", "decimals", "integers", "int96"]) {
  const bytes = Deno.readFileSync(`tests/feeds/files/parquet/${name}.parquet`);
  for (let i = 0; i < 300; i++) {
    const d = bytes.slice();
    const at = 4 + Math.floor(Math.random() * (d.length - 4));
    d[at]! ^= 1 << (i % 8);
    let m = "ok";
    try {
      for await (const _ of parquetChunks("a", new BytesInMemory(d), { layout }));
    } catch (e) {
      m = (e as Error).message.replace(/\d+/g, "N").slice(0, 110);
    }
    counts.set(name + " " + m, (counts.get(name + " " + m) ?? 0) + 1);
  }
}
for (const [k, v] of [...counts].sort((a, b) => b[1] - a[1]).slice(0, 30)) console.log(v, k);
