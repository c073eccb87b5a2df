/** Makes calls wait for each other, because each is worked out from what the one before left. */
export function inTurn(): <T>(body: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (body) => {
    const turn = last.then(body);
    last = turn.catch(() => undefined); // Whoever called has the error; the next one starts from what was committed.
    return turn;
  };
}
