/** Reads a table of `penstock export` back from Parquet, exactly: amounts and times as the integers in the file. */
import { assertEquals } from "@std/assert";
import { parquetMetadata, parquetRead } from "hyparquet";

/** The rows by column name; amounts in units of 10^-18, times in µs. */
export async function exactRows(bytes: Uint8Array): Promise<Record<string, bigint | string | null>[]> {
  const file = bytes.slice().buffer;
  const metadata = parquetMetadata(file);
  const amounts = new Set<string>();
  for (const element of metadata.schema) {
    // Without its logical type, hyparquet gives what is stored, and not the nearest double.
    if (element.converted_type === "DECIMAL") {
      assertEquals([element.scale, element.precision, element.type_length], [18, 38, 16]);
      amounts.add(element.name);
    }
    if (element.converted_type === "DECIMAL" || element.converted_type === "TIMESTAMP_MICROS") {
      delete element.converted_type;
      delete element.logical_type;
    }
  }
  let rows: Record<string, unknown>[] = [];
  await parquetRead({
    file,
    metadata,
    utf8: false,
    rowFormat: "object",
    onComplete: (read) => rows = read as Record<string, unknown>[],
  });
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        amounts.has(name) && value !== null && value !== undefined
          ? BigInt.asIntN(128, BigInt(`0x${(value as Uint8Array).toHex()}`))
          : value as bigint | string | null ?? null,
      ]),
    )
  );
}
