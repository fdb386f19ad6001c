/** Changes of what is kept in the browser's storage, one after the other. */

/** A function that runs a change once those before it have ended, well or not, and returns what the change returns. */
export function turns() {
  let last = Promise.resolve();
  return (change) => {
    const changed = last.then(change);
    last = changed.catch(() => {});
    return changed;
  };
}
