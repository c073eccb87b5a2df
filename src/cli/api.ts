/** The members of the Docker Engine API's answers that the command line reads. What it only passes on as JSON has no type here. */

export interface NetworkSummary {
  Id: string;
  Name: string;
  Driver: string;
  Scope: string;
  IPAM: { Config: { Subnet?: string }[] | null };
}

export interface ContainerSummary {
  Id: string;
  Names: string[];
  Image: string;
  Command: string;
  /** Seconds since 1970. */
  Created: number;
  Status: string;
  Ports: PortSummary[];
  NetworkSettings?: { Networks: Record<string, { IPAddress: string; GlobalIPv6Address: string }> | null };
}

export interface PortSummary {
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: string;
}

export interface ImageSummary {
  Id: string;
  RepoTags: string[] | null;
  /** Seconds since 1970. */
  Created: number;
  /** Bytes. */
  Size: number;
}

export interface Version {
  Version: string;
  ApiVersion: string;
  MinAPIVersion?: string;
  Os: string;
  Arch: string;
  KernelVersion: string;
}

export interface EventMessage {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> | null };
  timeNano: number;
}

/** The answer of wait. */
export interface WaitResult {
  StatusCode: number;
  Error?: { Message: string } | null;
}
