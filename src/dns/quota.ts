/** How many queries may be on their way to upstreams at once, shared out fairly. */
export interface Share {
  /** @returns false when this one would be too many */
  take(): boolean;
  give(): void;
}

/**
 * Makes shares of one total. A share may take as much as is still free, so one alone gets half, two a third each, and there is always room for
 * one that comes late; nobody has to be asked to give back. [Choudhury and Hahne, Dynamic queue length thresholds, 1998]
 */
export function createQuota(total: number): () => Share {
  let used = 0;
  return () => {
    let mine = 0;
    return {
      take() {
        if (mine >= total - used) return false;
        mine++;
        used++;
        return true;
      },
      give() {
        mine--;
        used--;
      },
    };
  };
}
