import { Money } from "../../../../src/domain/numbers/money.ts";
import { rowOf, testOrderCheck } from "./order_check_contract.ts";

testOrderCheck({
  row: rowOf("max-position"),
  limits: [{ maxPosition: new Money("1999.5") }, { maxPosition: new Money("2999.5") }],
  breaks: ({ fill: { side, price, position } }, _before, { maxPosition }) =>
    side === "buy" && price.times(position).gt(maxPosition),
});
