import type { Command } from "commander";
import { decimal, several, whole } from "./command.ts";
import type { Format } from "./print.ts";

/** The flags of `run`, with docker's names and meanings. */
export interface RunFlags {
  format?: Format;
  detach?: true;
  interactive?: true;
  tty?: true;
  rm?: true;
  detachKeys?: string;
  name?: string;
  hostname?: string;
  domainname?: string;
  user?: string;
  workdir?: string;
  env?: string[];
  envFile?: string[];
  entrypoint?: string;
  label?: string[];
  volume?: string[];
  tmpfs?: string[];
  readOnly?: true;
  network?: string[];
  networkAlias?: string[];
  ip?: string;
  ip6?: string;
  macAddress?: string;
  link?: string[];
  publish?: string[];
  publishAll?: true;
  expose?: string[];
  dns?: string[];
  dnsSearch?: string[];
  dnsOption?: string[];
  addHost?: string[];
  memory?: string;
  cpus?: number;
  pidsLimit?: number;
  shmSize?: string;
  sysctl?: string[];
  capAdd?: string[];
  capDrop?: string[];
  privileged?: true;
  init?: true;
  restart: string;
  stopSignal?: string;
  stopTimeout?: number;
}

export function addRunFlags(command: Command): Command {
  return [addProcessFlags, addFileFlags, addNetworkFlags, addLimitFlags].reduce((built, add) => add(built), command);
}

function addProcessFlags(command: Command): Command {
  return command
    .option("-d, --detach", "run in the background and print the container's id")
    .option("-i, --interactive", "keep its input open")
    .option("-t, --tty", "give it a terminal")
    .option("--rm", "remove the container when it ends")
    .option("--detach-keys <keys>", "the keys that leave it running (default: ctrl-p,ctrl-q)")
    .option("--name <name>", "the container's name")
    .option("-h, --hostname <name>", "its host name")
    .option("--domainname <name>", "its domain name")
    .option("-u, --user <user[:group]>", "who it runs as")
    .option("-w, --workdir <folder>", "where it starts")
    .option("-e, --env <name=value>", "a variable; a name alone takes its value from here (repeatable)", several)
    .option("--env-file <file>", "variables from a file, one a line (repeatable)", several)
    .option("--entrypoint <program>", "instead of the image's own")
    .option("-l, --label <name=value>", "a label (repeatable)", several)
    .option("--init", "a small init as its first process")
    .option("--restart <policy>", "no, on-failure[:times], always or unless-stopped", "no")
    .option("--stop-signal <signal>", "the signal that asks it to end")
    .option("--stop-timeout <seconds>", "how long it has to end", whole);
}

function addFileFlags(command: Command): Command {
  return command
    .option("-v, --volume <source:folder[:ro]>", "a folder or a volume in the container (repeatable)", several)
    .option("--tmpfs <folder[:options]>", "a folder in memory (repeatable)", several)
    .option("--read-only", "its own files cannot be changed");
}

function addNetworkFlags(command: Command): Command {
  return command
    .option(
      "--net, --network <network>",
      "bridge, host, none, container:<name>, your own; or name=...,alias=...,ip=... (repeatable)",
      several,
    )
    .option("--alias, --network-alias <name>", "one more name on its network (repeatable)", several)
    .option("--ip <ip>", "this IPv4 address")
    .option("--ip6 <ip>", "this IPv6 address")
    .option("--mac-address <mac>", "this MAC address")
    .option("--link <container:alias>", "a name for another container (repeatable)", several)
    .option("-p, --publish <[ip:]hostPort:port[/udp]>", "make a port of it reachable from outside (repeatable)", several)
    .option("-P, --publish-all", "publish every exposed port at any free port")
    .option("--expose <port[/udp]>", "say that it listens here (repeatable)", several)
    .option("--dns <ip>", "a name server (repeatable)", several)
    .option("--dns-search <domain>", "a search domain (repeatable)", several)
    .option("--dns-option <option>", "an option for its resolver (repeatable)", several)
    .option("--add-host <name:ip>", "a line for its /etc/hosts (repeatable)", several);
}

function addLimitFlags(command: Command): Command {
  return command
    .option("-m, --memory <size>", "at most this much memory, such as 64m")
    .option("--cpus <number>", "at most this many processors", decimal)
    .option("--pids-limit <number>", "at most this many processes", whole)
    .option("--shm-size <size>", "the size of /dev/shm")
    .option("--sysctl <name=value>", "a kernel setting of its namespaces (repeatable)", several)
    .option("--cap-add <capability>", "a privilege more (repeatable)", several)
    .option("--cap-drop <capability>", "a privilege less (repeatable)", several)
    .option("--privileged", "every privilege");
}
