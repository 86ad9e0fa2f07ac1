// The plots of numbers and regions, the outliers that are named below them, and what clicks do.
const plots = [];

function nearest(plot, event) {
  const box = plot.canvas.getBoundingClientRect(),
    [x, y] = [event.clientX - box.left, event.clientY - box.top];
  let best = null,
    least = 144;
  for (const dot of plot.dots ?? []) {
    const away = (dot[0] - x) ** 2 + (dot[1] - y) ** 2;
    if (away < least) [best, least] = [dot, away];
  }
  return best;
}

function addPlot(box, title, meaning, lanes, options) {
  const points = lanes.flatMap((lane) => lane.points);
  const canvas = make("canvas", {
    role: "img",
    "aria-label": `${title}: ${plural(points.length, "scan")}, outliers are named below`,
  });
  const plot = {
    canvas,
    lanes,
    range: points.length ? bounds(points.map((point) => point[1])) : null,
    lane: lanes.length > 1 ? 34 : 64,
    left: 0,
    ...options,
  };
  canvas.style.height = `${lanes.length * plot.lane + PLOT.axis}px`;
  canvas.addEventListener("click", (event) => {
    const dot = nearest(plot, event);
    if (dot) selectScan(dot[2]);
  });
  canvas.addEventListener("mousemove", (event) => {
    const dot = nearest(plot, event);
    canvas.title = dot ? `${scans[dot[2]].name}: ${shown(dot[3])}` : "";
    canvas.style.cursor = dot ? "pointer" : "default";
  });
  box.append(
    make(
      "figure",
      {},
      make("figcaption", { title: meaning }, title),
      points.length ? canvas : make("p", { className: "small" }, "No scan has a value."),
      ...lanes.map((lane) => named(lane, options?.left)),
    ),
  );
  plots.push(plot);
  sight.observe(canvas);
}

function named(lane, withLabel) {
  const found = lane.points.filter((point) => point[2]).sort((a, b) => a[1] - b[1]);
  if (!found.length) return "";
  const buttons = found.slice(0, 8).map(([n, value, side]) => {
    const button = make(
      "button",
      { type: "button", className: "link", title: shown(value) },
      `${sign(side)} ${scans[n].name}`,
    );
    button.addEventListener("click", () => selectScan(n));
    return button;
  });
  const rest = make(
    "button",
    { type: "button", className: "link" },
    found.length > 8 ? `all ${found.length} in the table` : "show in the table",
  );
  rest.addEventListener("click", () =>
    showOnly(
      found.map((point) => point[0]),
      `outliers in ${lane.title}`,
    ),
  );
  return make("p", { className: "outliers" }, withLabel ? `${lane.label}: ` : "", ...buttons, rest);
}

const sight = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) if (entry.isIntersecting) draw(plots.find((plot) => plot.canvas === entry.target));
  },
  { rootMargin: "200px" },
);

function inSight(plot) {
  const box = plot.canvas.getBoundingClientRect();
  return box.width && box.bottom > -200 && box.top < window.innerHeight + 200;
}

const redraw = () => plots.filter(inSight).forEach(draw);

function plotNumbers() {
  const same = [],
    name = (column) => withUnit(column.title, column.unit);
  for (const column of columns.filter((column) => !column.is_text)) {
    const values = new Set(scans.map((scan) => scan.values[column.n]).filter((value) => value !== null));
    if (values.size > 1) addPlot(byId("number-plots"), name(column), column.meaning, lanesOf(column));
    else same.push(`${name(column)} ${shown([...values][0], column.format)}`);
  }
  const none = allColumns.filter((column) => !columns.some(({ n }) => n === column.n)).map(name);
  byId("same").textContent = [
    same.length ? `The same in all scans: ${same.join(", ")}.` : "",
    none.length ? `In no scan: ${none.join(", ")}.` : "",
  ].join(" ");
  byId("legend").append(
    ...peers.map((of, n) =>
      make(
        "li",
        {},
        make("span", { className: "swatch", style: `background:${COLORS[n % COLORS.length]}` }),
        `${of.label} (${plural(of.count, "scan")})`,
      ),
    ),
  );
}

function lanesOf(column) {
  const values = scans.filter((scan) => typeof scan.values[column.n] === "number");
  return peers
    .map((of, n) => ({
      label: of.label,
      title: column.title,
      limits: of.limits[column.n],
      points: values
        .filter((scan) => scan.peers === n)
        .map((scan) => [scan.n, scan.values[column.n], scan.outliers[column.n]]),
    }))
    .filter((lane) => lane.points.length);
}

function plotRegions() {
  const of = regions[byId("map").selectedIndex],
    box = byId("region-plots");
  for (const plot of plots.filter((plot) => box.contains(plot.canvas))) {
    sight.unobserve(plot.canvas);
    plots.splice(plots.indexOf(plot), 1);
  }
  box.replaceChildren();
  const lanes = of.segments.map(({ name, means, outliers }) => ({
    label: name,
    title: `${name}, ${of.map}`,
    limits: null,
    points: means.map((mean, n) => [n, mean, outliers[n]]).filter((point) => point[1] !== null),
  }));
  addPlot(box, withUnit(`Mean ${of.map} of each region`, of.unit), "One dot a scan", lanes, { lane: 26, left: 170 });
}
