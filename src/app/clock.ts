/** Nanoseconds since 1970: the wall clock's milliseconds at the start, and from then on the steady clock's nanoseconds. */
export function wallClock(): () => bigint {
  const offset = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
  return () => process.hrtime.bigint() + offset;
}

/** RFC 3339 with nanoseconds, UTC. */
export function rfc3339Nano(timeNano: bigint): string {
  const seconds = new Date(Number(timeNano / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(timeNano % 1_000_000_000n).padStart(9, "0")}Z`;
}
