// A map of the app's municipalities: their outlines alone, without a picture of anybody else's.

const NAMESPACE = "http://www.w3.org/2000/svg";
const WIDTH = 1000;
export const METRES_PER_DEGREE = 111_195;

function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, String(value));
  made.append(...children.flat().filter(Boolean));
  return made;
}

/** Turns degrees into places of the drawing, and back: as wide as it is high on the ground. */
export class Projection {
  constructor([west, south, east, north]) {
    this.west = west;
    this.north = north;
    this.shrink = Math.cos((((south + north) / 2) * Math.PI) / 180);
    this.scale = WIDTH / ((east - west) * this.shrink);
    this.height = Math.ceil((north - south) * this.scale);
  }

  point(lon, lat) {
    return [(lon - this.west) * this.shrink * this.scale, (this.north - lat) * this.scale];
  }

  degrees(x, y) {
    return { lon: x / (this.shrink * this.scale) + this.west, lat: this.north - y / this.scale };
  }

  /** So many metres in the drawing. */
  metres(length) {
    return (length / METRES_PER_DEGREE) * this.scale;
  }
}

const pathOf = (projection, rings) =>
  rings
    .map((ring) => {
      const corners = [];
      for (let at = 0; at < ring.length; at += 2)
        corners.push(projection.point(ring[at], ring[at + 1]).map((one) => one.toFixed(1)).join(" "));
      return `M${corners.join("L")}Z`;
    })
    .join("");

/** The rings of a GeoJSON geometry, as longitude and latitude one after the other; none of what is no area. */
export function ringsOf(geometry) {
  const polygons = { Polygon: (of) => [of], MultiPolygon: (of) => of }[geometry?.type]?.(geometry.coordinates) ?? [];
  return polygons.flat().map((ring) => ring.flatMap(([lon, lat]) => [lon, lat]));
}

/** Draws the map. `warned` are municipalities to mark, `shape` a GeoJSON geometry, `label` what it shows in words. */
export function drawn({ bounds, places }, { warned = [], shape, label, names = {} }) {
  const projection = new Projection(bounds);
  const marked = new Set(warned);
  const areas = Object.entries(places).map(([ags, rings]) => {
    const look = marked.has(ags) ? { class: "area marked", fill: "url(#stripes)" } : { class: "area unmarked" };
    // The label names those that are warned of; the names of all others are for who points at them.
    const outline = { "aria-hidden": true, d: pathOf(projection, rings), "fill-rule": "evenodd", ...look };
    return svg("path", outline, names[ags] && svg("title", {}, names[ags]));
  });
  const area = ringsOf(shape);
  const stripes = svg(
    "pattern",
    { id: "stripes", width: 14, height: 14, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("rect", { width: 14, height: 14, class: "ground" }),
    svg("rect", { width: 5, height: 14, class: "stripe" }),
  );
  const map = svg(
    "svg",
    { class: "map", viewBox: `0 0 ${WIDTH} ${projection.height}`, role: "img", "aria-label": label },
    svg("defs", {}, stripes),
    areas,
    area.length ? svg("path", { d: pathOf(projection, area), "fill-rule": "evenodd", class: "shape" }) : null,
  );
  return { map, projection };
}

/** A circle on a map that can be moved. */
export const circle = () => svg("circle", { class: "circle", r: 0, cx: -WIDTH, cy: -WIDTH });

/** How far two points are from each other, in metres: within a district the ground is flat. */
export function distance(one, other) {
  const shrink = Math.cos((((one.lat + other.lat) / 2) * Math.PI) / 180);
  return METRES_PER_DEGREE * Math.hypot(one.lat - other.lat, (one.lon - other.lon) * shrink);
}

/** In which municipality a place lies, by its outlines; undefined where in none. */
export function placeAt({ places }, { lon, lat }) {
  return Object.keys(places).find((ags) => places[ags].reduce((inside, ring) => inside !== isInside(ring, lon, lat), false));
}

/** A point within a municipality: the middle of its widest part half-way up. */
export function middleOf({ places }, ags) {
  const heights = places[ags].flatMap((ring) => ring.filter((_, at) => at % 2));
  const lat = (Math.min(...heights) + Math.max(...heights)) / 2;
  const borders = places[ags].flatMap((ring) => crossings(ring, lat)).sort((one, other) => one - other);
  let widest = [0, 0];
  for (let at = 0; at + 1 < borders.length; at += 2) {
    const part = [borders[at], borders[at + 1]];
    if (part[1] - part[0] > widest[1] - widest[0]) widest = part;
  }
  return { lat, lon: (widest[0] + widest[1]) / 2 };
}

/** Where a ring crosses a parallel. */
function crossings(ring, lat) {
  const found = [];
  for (let at = 0, last = ring.length - 2; at < ring.length; last = at, at += 2) {
    const [x, y, before, above] = [ring[at], ring[at + 1], ring[last], ring[last + 1]];
    if (y > lat !== above > lat) found.push(((before - x) * (lat - y)) / (above - y) + x);
  }
  return found;
}

const isInside = (ring, lon, lat) => crossings(ring, lat).filter((border) => lon < border).length % 2 === 1;
