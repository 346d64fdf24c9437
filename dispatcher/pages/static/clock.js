// What time it is: by the service's clock, as a device's own may be a day off.

let offset = 0;
let earliest = -Infinity;

/** Notes what the service says the time is (milliseconds), as its answer arrives. An answer that was kept says nothing
 * of the time: `ask` has none for it. */
export function noteServiceTime(date, own = Date.now()) {
  if (Number.isFinite(date)) offset = Math.max(date, earliest) - own;
}

/** Notes the newest moment (milliseconds) as of which anything is known: it is not earlier than that. */
export function noteKnown(asOf) {
  earliest = asOf;
}

/** The time in milliseconds. */
export const now = () => Math.max(Date.now() + offset, earliest);

/** How far the device's clock is from the service's, in milliseconds; 0 where nothing is known. */
export const clockError = () => -offset;
