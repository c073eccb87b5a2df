import { consoleSize, environment, type HostFacts, heldCapabilities } from "./bundle.ts";
import type { Row } from "./rows.ts";
import { ociCapabilities } from "./spec/capabilities.ts";
import type { OciProcess } from "./spec/oci.ts";
import { ociRlimits } from "./spec/resources.ts";
import { readSecurity } from "./spec/security.ts";
import type { User } from "./spec/user.ts";
import type { ExecConfig } from "./types.ts";

/** process.json of an exec: the container's own settings, apart from what the exec says. Pure. */
export function execProcess(row: Row, config: ExecConfig, user: User, facts: HostFacts): OciProcess {
  const capabilities = config.privileged ? facts.capabilities : heldCapabilities(row.hostConfig, facts);
  const size = consoleSize(config.consoleSize);
  return {
    terminal: config.tty,
    ...(config.tty && size !== undefined ? { consoleSize: size } : {}),
    user,
    args: config.cmd,
    env: environment({ ...row, config: { ...row.config, Tty: config.tty, Env: [...(row.config.Env ?? []), ...config.env] } }),
    cwd: config.workingDir || row.config.WorkingDir || "/",
    capabilities: ociCapabilities(capabilities, user.uid),
    rlimits: ociRlimits(row.hostConfig, facts.hardLimits).rlimits,
    noNewPrivileges: readSecurity(row.hostConfig).noNewPrivileges,
  };
}
