// The table of scans: only the rows in sight are there, so that thousands of pictures cost nothing.
const ROW = 66,
  SPARE = 6;
const view = { order: [], at: 0, sort: null, down: false, text: "", show: "all", only: null, onlyTitle: "" };
const SHOW = {
  all: () => true,
  failed: (scan) => scan.state === "failed",
  outliers: (scan) => outlierCount(scan) > 0,
  differing: (scan) => scan.differs.length > 0,
  unrated: (scan) => scan.state === "done" && !ratingOf(scan),
  good: (scan) => ratingOf(scan) === "good",
  doubtful: (scan) => ratingOf(scan) === "doubtful",
  excluded: (scan) => ratingOf(scan) === "excluded",
  disagreement: disagree,
  outdated: isOutdated,
};
const rowsNow = new Map();

const selected = () => scans[view.order[view.at]];
const outlierCount = (scan) => Object.keys(scan.outliers).length;
const searched = (scan) =>
  [
    scan.name,
    scan.state,
    scan.reason,
    ratingOf(scan),
    ...scan.warnings,
    ...scan.differs,
    ...ratingsOf(scan).map((r) => `${r.reason} ${r.rater}`),
  ]
    .join("\n")
    .toLowerCase();

const fixed = [
  { title: "Scan", is_text: true, width: 214, value: (scan) => scan.name },
  { title: "Rating", is_text: true, width: 96, value: (scan) => LEVELS.indexOf(ratingOf(scan)), missing: -1 },
  { title: "Outliers", width: 66, value: outlierCount },
];
const sortable = [
  ...fixed,
  ...columns.map((column) => ({ ...column, width: column.is_text ? 120 : 86, value: (scan) => scan.values[column.n] })),
];

function makeHead() {
  const heads = sortable.map((column, n) => {
    const button = make(
      "button",
      { type: "button", title: column.meaning ?? "" },
      withUnit(column.title, column.unit),
      make("span", { className: "arrow" }),
    );
    button.addEventListener("click", () => sortBy(n));
    return make("th", { scope: "col", "aria-sort": "none", className: column.is_text ? "text" : "" }, button);
  });
  byId("heads").append(make("th", { scope: "col", className: "text" }, "Montage"), ...heads);
  byId("cols").append(
    ...[190, ...sortable.map((column) => column.width)].map((width) => make("col", { style: `width:${width}px` })),
  );
  byId("table").style.width = `${190 + sortable.reduce((sum, column) => sum + column.width, 0)}px`;
}

function sortBy(n) {
  view.down = view.sort === n ? !view.down : false;
  view.sort = n;
  [...byId("heads").children].slice(1).forEach((head, at) => {
    head.setAttribute("aria-sort", at !== n ? "none" : view.down ? "descending" : "ascending");
    head.querySelector(".arrow").textContent = at !== n ? "" : view.down ? ` ${DOWN}` : ` ${UP}`;
  });
  arrange();
}

function compared(a, b) {
  const column = sortable[view.sort],
    missing = column.missing ?? null;
  const [x, y] = [column.value(a), column.value(b)];
  if (x === y) return a.n - b.n;
  if (x === missing || y === missing) return x === missing ? 1 : -1;
  return (x < y ? -1 : 1) * (view.down ? -1 : 1);
}

function arrange() {
  const before = selected(),
    words = view.text.toLowerCase().split(/\s+/).filter(Boolean);
  let found = scans.filter((scan) => SHOW[view.show](scan) && (!view.only || view.only.has(scan.n)));
  if (words.length)
    found = found.filter((scan) => {
      const text = searched(scan);
      return words.every((word) => text.includes(word));
    });
  if (view.sort !== null) found.sort(compared);
  view.order = found.map((scan) => scan.n);
  rowsNow.clear();
  byId("found").textContent =
    found.length === scans.length ? plural(scans.length, "scan") : `${found.length} of ${plural(scans.length, "scan")}`;
  byId("only").hidden = !view.only;
  byId("only-title").textContent = view.onlyTitle;
  byId("table").setAttribute("aria-rowcount", found.length + 1);
  select(Math.max(0, before ? view.order.indexOf(before.n) : 0));
}

function showOnly(numbers, title) {
  view.only = numbers ? new Set(numbers) : null;
  view.onlyTitle = title ?? "";
  if (numbers) {
    view.show = byId("show").value = "all";
    view.text = byId("filter").value = "";
    showTab("scans");
  }
  arrange();
}

function select(at) {
  view.at = Math.min(Math.max(at, 0), Math.max(view.order.length - 1, 0));
  intoSight();
  drawRows();
  say("selection");
}

function selectScan(n) {
  if (!view.order.includes(n)) {
    view.only = null;
    view.show = byId("show").value = "all";
    view.text = byId("filter").value = "";
    arrange();
  }
  select(view.order.indexOf(n));
}

function intoSight() {
  const box = byId("rows"),
    head = byId("heads").offsetHeight,
    top = view.at * ROW;
  if (!box.clientHeight) return;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW > box.scrollTop + box.clientHeight - head) box.scrollTop = top + ROW - box.clientHeight + head;
}

function drawRows(all = false) {
  const box = byId("rows");
  if (!box.clientHeight && !all) return;
  const from = all ? 0 : Math.max(0, Math.floor(box.scrollTop / ROW) - SPARE);
  const to = all
    ? view.order.length
    : Math.min(view.order.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + SPARE);
  const wanted = view.order.slice(from, to),
    there = new Set(wanted);
  for (const n of rowsNow.keys()) if (!there.has(n)) rowsNow.delete(n);
  const rows = wanted.map((n, at) => {
    if (!rowsNow.has(n)) rowsNow.set(n, makeRow(scans[n], from + at));
    const row = rowsNow.get(n),
      is = from + at === view.at;
    row.setAttribute("aria-selected", is);
    return row;
  });
  const room = (count) =>
    make("tr", { className: "room", "aria-hidden": "true" }, make("td", { style: `height:${count * ROW}px` }));
  byId("body").replaceChildren(room(from), ...rows, room(view.order.length - to));
}

function makeRow(scan, at) {
  const picture = montageOf(scan);
  const image = picture
    ? make("img", { src: picture, alt: "", decoding: "async" })
    : make("span", { className: "none" }, scan.state === "failed" ? "failed" : "no picture");
  const row = make(
    "tr",
    { id: `scan-${scan.n}`, className: scan.state, "aria-rowindex": at + 2 },
    make("td", { className: "picture" }, image),
    nameCell(scan),
    ratingCell(scan),
    outliersCell(scan),
    ...columns.map((column) => valueCell(scan, column)),
  );
  row.addEventListener("click", () => select(view.order.indexOf(scan.n)));
  return row;
}

function nameCell(scan) {
  const remark = scan.reason || (scan.differs.length ? `differs in ${scan.differs.join(", ")}` : "");
  return make(
    "th",
    { scope: "row", title: `${scan.name}\n${remark}` },
    make("span", { className: "name" }, scan.name),
    make("span", { className: "remark" }, remark),
  );
}

function outliersCell(scan) {
  const count = outlierCount(scan),
    names = Object.keys(scan.outliers)
      .map((n) => allColumns[n].title)
      .join(", ");
  return make(
    "td",
    { className: count ? "out names" : "", title: names, "data-names": names },
    scan.state === "failed" ? NONE : String(count),
  );
}

function ratingCell(scan) {
  const rating = ratingOf(scan);
  const text = rating ? `${MARKS[rating]} ${rating}${disagree(scan) ? " (raters disagree)" : ""}` : NONE;
  return make("td", { className: `text rated ${rating}` }, text);
}

// In place, as rows that come and go lose the click that is being made.
function refreshRatings() {
  for (const [n, row] of rowsNow) {
    const before = row.querySelector(".rated"),
      after = ratingCell(scans[n]);
    if (before.textContent !== after.textContent) before.replaceWith(after);
  }
}

function valueCell(scan, column) {
  const side = scan.outliers[column.n],
    value = scan.values[column.n];
  if (column.is_text) return make("td", { className: "text", title: value ?? "" }, shown(value));
  const { range } = usual(scan.peers === null ? null : peers[scan.peers].limits[column.n], column.format);
  return make(
    "td",
    { className: side ? "out" : "", title: range ? `usual: ${range}` : "" },
    side ? `${sign(side)} ` : "",
    shown(value, column.format),
  );
}
