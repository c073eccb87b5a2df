import test, { type ExecutionContext } from "ava";
import { type House, openHouse } from "./house.ts";

/** Each test has a machine of its own, and nothing of it is left at the end. */
export function story(title: string, body: (t: ExecutionContext, house: House) => Promise<void>): void {
  test(title, async (t) => {
    const house = await openHouse();
    try {
      await body(t, house);
    } finally {
      const left = await house.tearDown();
      t.deepEqual(left, []);
      t.deepEqual(house.complaints, []);
    }
  });
}
