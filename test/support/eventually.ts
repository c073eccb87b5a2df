/**
 * Tries until it does not throw, for states that nobody announces (a remote server that comes up, a namespace that the kernel tears down).
 * Where there is an event, wait for the event.
 * @throws the last error when the time is up
 */
export async function eventually<T>(attempt: () => T | Promise<T>, timeoutMs = 5_000, everyMs = 25): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}
