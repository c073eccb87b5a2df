import type { DriverFactory } from "../../src/model/driver.ts";
import { linkless } from "../linkless.ts";

/** A network namespace of its own with only lo in it. The Docker API calls this driver `null`. */
const none: DriverFactory = () => linkless("null");
export default none;
