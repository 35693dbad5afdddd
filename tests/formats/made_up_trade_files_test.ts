import { byteFile, byteFileOf, recordOf, wordFile, wordsOf } from "./made_up_trade_files.ts";
import { testTradeFile } from "./trade_file_contract.ts";

testTradeFile({
  name: "a made-up file of words",
  format: wordFile,
  layout: "words",
  record: wordsOf,
  damaged: [
    ["#7 sold nothing.\n", 1, `"#7 sold nothing." is no trade`],
    ["#7 sold 1 at -1 when 1723161255342.\n", 1, `price is "-1"`],
  ],
});

testTradeFile({
  name: "a made-up file of bytes",
  format: byteFile,
  layout: "bytes",
  record: recordOf,
  file: byteFileOf,
  damaged: [[new Uint8Array(33).fill(7), 33, "the side is 7"]],
});
