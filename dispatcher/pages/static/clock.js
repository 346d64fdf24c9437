// What time it is: by the service's clock, as a device's own may be a day off.

let offset = 0;

/** Notes what the service says the time is (milliseconds), as its answer arrives. */
export function noteServiceTime(date, own = Date.now()) {
  if (Number.isFinite(date)) offset = date - own;
}

/** The time in milliseconds. */
export const now = () => Date.now() + offset;

/** How far the device's clock is from the service's, in milliseconds; 0 where nothing is known. */
export const clockError = () => -offset;
