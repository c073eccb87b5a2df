import Type, { type Static, type TSchema } from "typebox";
import { Compile } from "typebox/compile";

/** As Go reads it: a member may be absent or null, and both mean the same. */
function maybe<T extends TSchema>(schema: T) {
  return Type.Optional(Type.Union([schema, Type.Null()]));
}

const Text = maybe(Type.String());
const Flag = maybe(Type.Boolean());
const Int = maybe(Type.Integer());
const Texts = maybe(Type.Array(Type.String()));
const TextMap = maybe(Type.Record(Type.String(), Type.String()));
const ObjectMap = maybe(Type.Record(Type.String(), Type.Unknown()));
/** `Cmd` and `Entrypoint` may be one string. */
const Command = maybe(Type.Union([Type.Array(Type.String()), Type.String()]));
const RestartPolicy = maybe(Type.Object({ Name: Text, MaximumRetryCount: Int }));

const EndpointSettings = Type.Object({
  IPAMConfig: maybe(Type.Object({ IPv4Address: Text, IPv6Address: Text, LinkLocalIPs: Texts })),
  Links: Texts,
  Aliases: Texts,
  MacAddress: Text,
  DriverOpts: TextMap,
  GwPriority: Int,
});
export type EndpointSettings = Static<typeof EndpointSettings>;

const NetworkCreate = Type.Object({
  Name: Text,
  Driver: Text,
  Scope: Text,
  EnableIPv4: Flag,
  EnableIPv6: Flag,
  IPAM: maybe(
    Type.Object({
      Driver: Text,
      Options: TextMap,
      Config: maybe(Type.Array(Type.Object({ Subnet: Text, IPRange: Text, Gateway: Text, AuxiliaryAddresses: TextMap }))),
    }),
  ),
  Internal: Flag,
  Attachable: Flag,
  Ingress: Flag,
  ConfigOnly: Flag,
  ConfigFrom: maybe(Type.Object({ Network: Text })),
  Options: TextMap,
  Labels: TextMap,
});
export type NetworkCreateBody = Static<typeof NetworkCreate>;

const HostConfig = Type.Object({
  Binds: Texts,
  NetworkMode: Text,
  PortBindings: maybe(Type.Record(Type.String(), maybe(Type.Array(Type.Object({ HostIp: Text, HostPort: Text }))))),
  PublishAllPorts: Flag,
  RestartPolicy,
  AutoRemove: Flag,
  CapAdd: Texts,
  CapDrop: Texts,
  Dns: Texts,
  DnsOptions: Texts,
  DnsSearch: Texts,
  ExtraHosts: Texts,
  Links: Texts,
  Privileged: Flag,
  ReadonlyRootfs: Flag,
  ShmSize: Int,
  Sysctls: TextMap,
  Tmpfs: TextMap,
  Mounts: maybe(Type.Array(Type.Object({ Type: Type.String(), Source: Text, Target: Type.String(), ReadOnly: Flag }))),
  Memory: Int,
  MemorySwap: Int,
  NanoCpus: Int,
  CpuShares: Int,
  CpuPeriod: Int,
  CpuQuota: Int,
  PidsLimit: Int,
  Ulimits: maybe(Type.Array(Type.Object({ Name: Type.String(), Soft: Type.Integer(), Hard: Type.Integer() }))),
  OomScoreAdj: Int,
  PidMode: Text,
  IpcMode: Text,
  UTSMode: Text,
  Init: Flag,
  LogConfig: maybe(Type.Object({ Type: Text, Config: TextMap })),
});
export type HostConfigBody = Static<typeof HostConfig>;

const ContainerCreate = Type.Object({
  Hostname: Text,
  Domainname: Text,
  User: Text,
  AttachStdin: Flag,
  AttachStdout: Flag,
  AttachStderr: Flag,
  Tty: Flag,
  OpenStdin: Flag,
  StdinOnce: Flag,
  Env: Texts,
  Cmd: Command,
  Image: Text,
  Volumes: ObjectMap,
  WorkingDir: Text,
  Entrypoint: Command,
  Labels: TextMap,
  ExposedPorts: ObjectMap,
  StopSignal: Text,
  StopTimeout: Int,
  MacAddress: Text,
  HostConfig: maybe(HostConfig),
  NetworkingConfig: maybe(Type.Object({ EndpointsConfig: maybe(Type.Record(Type.String(), maybe(EndpointSettings))) })),
});
export type ContainerCreateBody = Static<typeof ContainerCreate>;

/** Compiled once; checking takes well under a microsecond. */
export const BODIES = {
  networkCreate: Compile(NetworkCreate),
  networkConnect: Compile(Type.Object({ Container: Text, EndpointConfig: maybe(EndpointSettings) })),
  networkDisconnect: Compile(Type.Object({ Container: Text, Force: Flag })),
  containerCreate: Compile(ContainerCreate),
  containerUpdate: Compile(HostConfig),
  execCreate: Compile(
    Type.Object({
      User: Text,
      Privileged: Flag,
      Tty: Flag,
      ConsoleSize: maybe(Type.Array(Type.Integer())),
      AttachStdin: Flag,
      AttachStdout: Flag,
      AttachStderr: Flag,
      DetachKeys: Text,
      Env: Texts,
      WorkingDir: Text,
      Cmd: Command,
    }),
  ),
  execStart: Compile(Type.Object({ Detach: Flag, Tty: Flag, ConsoleSize: maybe(Type.Array(Type.Integer())) })),
  volumeCreate: Compile(Type.Object({ Name: Text, Driver: Text, DriverOpts: TextMap, Labels: TextMap })),
} as const;
