import { testIndicator } from "./indicator_contract.ts";
import { Rises } from "./made_up_indicator.ts";

testIndicator("a made-up indicator", {
  make: () => new Rises(),
  after: 2,
  reference: (closes) => {
    let rises = 0;
    for (let at = closes.length - 1; at > 0 && closes[at]!.compare(closes[at - 1]!) > 0; at--) rises++;
    return rises;
  },
});
