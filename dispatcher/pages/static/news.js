// What has changed since the page last looked, for who hears it and does not see it. Pure.

/** `before` and `after`: what was known at two looks, as `App.heard` returns it. Returns what is to be said: names of
 * words, each with the headline of the warning that it is about. */
export function news(before, after) {
  const had = new Set(before.warnings.map(({ alert }) => alert));
  const chains = new Set(before.warnings.map(({ chain }) => chain).filter(Boolean));
  const added = after.warnings.filter(({ alert }) => !had.has(alert));
  return [
    ...added.map(({ chain, headline }) => ({ name: chains.has(chain) ? "updated_warning" : "new_warning", headline })),
    ...gone(before, after).map(({ headline }) => ({ name: "ended_warning", headline })),
    ...(after.isAway && !before.isAway ? [{ name: "gone_away" }] : []),
    ...(before.isAway && !after.isAway ? [{ name: "came_back" }] : []),
  ];
}

/** Warnings that are over, and not only shown no more as the person follows their place no longer. */
function gone(before, after) {
  if (before.followed.some((place) => !after.followed.includes(place))) return [];
  const left = new Set(after.warnings.flatMap(({ alert, chain }) => [alert, chain]).filter(Boolean));
  return before.warnings.filter(({ alert, chain }) => !left.has(alert) && !left.has(chain));
}
