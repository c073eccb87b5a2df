import type { FastifyRequest } from "fastify";
import { NetError } from "../model/errors.ts";

/** The query of a request, read as dockerd reads it. */
export interface Query {
  /** Empty counts as absent. */
  text(name: string): string | undefined;
  /** Repeated parameters: `names=a&names=b`. */
  list(name: string): string[];
  /** Anything but nothing, 0, no, false and none is true. */
  flag(name: string): boolean;
  /** @throws invalid */
  int(name: string): number | undefined;
}

export function queryOf(request: FastifyRequest): Query {
  const values = request.query as Record<string, string | string[] | undefined>;
  const list = (name: string) => [values[name] ?? []].flat();
  const text = (name: string) => list(name)[0] || undefined;
  return {
    text,
    list,
    flag: (name) => !["", "0", "no", "false", "none"].includes((list(name)[0] ?? "").trim().toLowerCase()),
    int(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      if (!/^-?\d{1,15}$/.test(value)) throw new NetError("invalid", `strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`);
      return Number(value);
    },
  };
}

/** A part of the path: `param(request, "id")`. */
export function param(request: FastifyRequest, name: string): string {
  return (request.params as Record<string, string>)[name] ?? "";
}
