import test from "ava";
import fc from "fast-check";
import { sparseBitmap } from "../../../src/ipam/sparse-bitmap.ts";

test("it behaves as a set of numbers that is searched from 0 up", (t) => {
  const limits = fc.constantFrom(1, 2, 31, 32, 33, 1024, 1025, 40_000);
  const steps = fc.array(fc.record({ value: fc.nat(1100), add: fc.boolean(), fill: fc.boolean() }), { maxLength: 300 });
  fc.assert(
    fc.property(limits, steps, (limit, list) => {
      const bits = sparseBitmap(limit);
      const model = new Set<number>();
      for (const { value, add, fill } of list) {
        const gap = bits.lowestGap();
        const subject = fill && gap !== undefined ? gap : value % limit;
        if (add) bits.add(subject);
        else bits.delete(subject);
        if (add) model.add(subject);
        else model.delete(subject);
        t.is(bits.size, model.size);
        t.is(bits.has(subject), model.has(subject));
        t.is(bits.lowestGap(), lowestGap(model, limit));
      }
    }),
  );
});

function lowestGap(model: Set<number>, limit: number): number | undefined {
  for (let value = 0; value < limit; value++) if (!model.has(value)) return value;
  return undefined;
}

test("a full set has no gap, and gets one back at every place", (t) => {
  const limit = 33 * 32 + 5;
  const bits = sparseBitmap(limit);
  for (let value = 0; value < limit; value++) bits.add(value);
  t.is(bits.lowestGap(), undefined);
  for (const value of [limit - 1, 1024, 31, 0]) {
    bits.delete(value);
    t.is(bits.lowestGap(), value);
    bits.add(value);
  }
  t.is(bits.lowestGap(), undefined);
});

test("2^53 numbers are no problem", (t) => {
  const limit = 2 ** 53;
  const bits = sparseBitmap(limit);
  bits.add(0);
  bits.add(limit - 1);
  t.true(bits.has(limit - 1));
  t.false(bits.has(limit - 2));
  t.is(bits.lowestGap(), 1);
});
