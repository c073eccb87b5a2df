import type { PortBinding } from "../../model/endpoint.ts";
import { sorted } from "../json.ts";

const keyOf = ({ port, protocol }: PortBinding) => `${port}/${protocol}`;

/** `NetworkSettings.Ports`: exposed ones with null, published ones with all their bindings, by key. */
export function portMap(
  exposed: readonly string[],
  bindings: readonly PortBinding[],
): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const map: Record<string, { HostIp: string; HostPort: string }[] | null> = Object.fromEntries(exposed.map((key) => [key, null]));
  for (const binding of bindings) {
    const list = map[keyOf(binding)] ?? [];
    map[keyOf(binding)] = [...list, { HostIp: binding.hostIp, HostPort: String(binding.hostPort) }];
  }
  return sorted(map);
}

/** `Ports` of the list: one entry for each binding, one without address for each port that is only exposed. */
export function portList(exposed: readonly string[], bindings: readonly PortBinding[]): object[] {
  return Object.entries(portMap(exposed, bindings)).flatMap(([key, published]) => {
    const [port, Type] = key.split("/");
    const PrivatePort = Number(port);
    if (published === null) return [{ PrivatePort, Type }];
    return published.map(({ HostIp, HostPort }) => ({ IP: HostIp, PrivatePort, PublicPort: Number(HostPort), Type }));
  });
}
