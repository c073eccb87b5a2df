import type { DriverFactory } from "../../src/model/driver.ts";
import { linkless } from "../linkless.ts";

/** Containers in the daemon's own network namespace: there is nothing to make. */
const host: DriverFactory = () => linkless("host");
export default host;
