import type { DriverFactory } from "../src/model/driver.ts";
import bridge from "./bridge/index.ts";
import host from "./host/index.ts";
import none from "./none/index.ts";

/** The one table of drivers: what `--driver` takes. */
export const drivers: Record<string, DriverFactory> = { bridge, host, null: none };
