import { rowOf, testOrderCheck } from "./order_check_contract.ts";

testOrderCheck({
  row: rowOf("max-lag"),
  limits: [{ maxLag: 1 }, { maxLag: 250 }],
  breaks: ({ at: { time, receivedAt } }, _before, { maxLag }) =>
    receivedAt > 0 && receivedAt - time > maxLag * 1000,
});
