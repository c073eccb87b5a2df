import test from "ava";
import { fakeKernel } from "../../../src/kernel/fake.ts";
import { usable } from "../../../src/kernel/linux.ts";
import { NetError } from "../../../src/model/errors.ts";

test("a kernel without veth is refused, with what to load", async (t) => {
  const features = await fakeKernel().features();
  const error = t.throws(() => usable({ ...features, veth: false }), { instanceOf: NetError, message: /no veth links/ });
  t.is(error?.code, "unsupported");
  t.regex(error?.hint ?? "", /load the module veth/);
});

test("without CAP_NET_ADMIN that is what is said, not what could not be tried without it", async (t) => {
  const features = await fakeKernel().features();
  const error = t.throws(() => usable({ ...features, netAdmin: false, veth: false }), { instanceOf: NetError, message: /CAP_NET_ADMIN/ });
  t.is(error?.code, "forbidden");
});

test("a kernel that has what it takes is taken", async (t) => {
  const features = await fakeKernel().features();
  t.is(usable(features), features);
});
