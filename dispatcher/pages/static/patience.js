// Waits for nothing longer than it may: a handler that hangs loses its warning, and delays those that follow.

export class TooLate extends Error {}

/** Settles as `work` does, or rejects with `TooLate` after so many milliseconds. */
export function within(milliseconds, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new TooLate(`${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
