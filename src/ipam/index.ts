export { DEFAULT_POOLS_4, type DefaultPool, uniqueLocalPools } from "./default-pools.ts";
export { type LeaseRow, localIpam, type PoolRow } from "./local.ts";
