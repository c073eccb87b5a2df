import test from "ava";
import { createQuota } from "../../../src/dns/quota.ts";

test("one alone gets half, and there is room for one that comes late", (t) => {
  const share = createQuota(12);
  const fill = (one: ReturnType<typeof share>) => {
    let taken = 0;
    while (one.take()) taken++;
    return taken;
  };
  const greedy = share();
  t.is(fill(greedy), 6);
  const second = share();
  t.is(fill(second), 3);
  t.is(fill(share()), 2);
  for (let i = 0; i < 6; i++) greedy.give();
  t.true(fill(second) > 0);
});
