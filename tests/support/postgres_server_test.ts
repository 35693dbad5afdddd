/** Shows that each test has its own PostgreSQL. */
import { assertEquals, assertRejects } from "@std/assert";
import { noPostgres, PostgresServer } from "./postgres_server.ts";

Deno.test({
  name: "PostgresServer starts a database server, crashes it, starts it again, and leaves nothing behind",
  ignore: noPostgres,
  fn: async () => {
    let folder: string;
    {
      await using server = await PostgresServer.start();
      folder = await server.sql("postgres", "SHOW data_directory");
      assertEquals(await server.database(), server.url("test_1"));
      await server.sql("test_1", "CREATE TABLE kept AS SELECT 7 AS seven");
      await server.stop("immediate");
      await assertRejects(() => server.sql("test_1", "TABLE kept"), Error, "refused");
      await server.resume();
      assertEquals(await server.sql("test_1", "TABLE kept"), "7");
    }
    await assertRejects(() => Deno.stat(folder), Deno.errors.NotFound);
  },
});
