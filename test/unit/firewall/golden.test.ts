import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import { resetTable } from "../../../src/firewall/nftables/table.ts";
import { nftablesFirewall } from "../../../src/firewall/nftables.ts";
import { printBatch } from "../../../src/kernel/netfilter/print.ts";
import type { NftBatch } from "../../../src/model/nft.ts";
import type { Policy } from "../../../src/model/policy.ts";
import { CASES } from "./cases.ts";
import { recordedIptables } from "./iptables-fake.ts";

const FOLDER = new URL("../../golden/firewall/", import.meta.url);

/** What is sent must be what the file says. UPDATE_GOLDEN=1 writes the files anew. */
function golden(t: ExecutionContext, name: string, text: string): void {
  const file = new URL(name, FOLDER);
  if (process.env.UPDATE_GOLDEN === "1") {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, text);
  }
  t.is(text, readFileSync(file, "utf8"));
}

/** The elements that `set` adds to the table. */
async function elements(policies: Policy[]): Promise<string> {
  const sent: NftBatch[] = [];
  const firewall = nftablesFirewall({ host: { path: "" }, nft: async (_, batch) => void sent.push(batch) });
  await firewall.set(policies);
  return printBatch(sent.flat().slice(resetTable().length));
}

/** What `change` sends when there is nothing but the chains that are always there. */
async function scripts(policies: Policy[]): Promise<string> {
  const { firewall, taken } = recordedIptables();
  await firewall.set([]);
  taken();
  await firewall.change(policies, []);
  return taken().join("\n");
}

test("nftables: empty, the table", (t) => golden(t, "empty.nft", printBatch(resetTable())));

test("iptables: empty, the chains that are always there", async (t) => {
  const { firewall, taken } = recordedIptables();
  await firewall.set([]);
  golden(t, "empty.iptables", taken().join("\n"));
});

for (const [name, policies] of Object.entries(CASES)) {
  test(`nftables: ${name}`, async (t) => golden(t, `${name}.nft`, await elements(policies)));
  test(`iptables: ${name}`, async (t) => golden(t, `${name}.iptables`, await scripts(policies)));
}
