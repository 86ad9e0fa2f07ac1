// The selected scan: its montage at full size, its rating and all of its numbers.
function drawDetail() {
  const scan = selected(), box = byId("detail");
  if (!scan) return box.replaceChildren(make("p", {}, "No scan matches the filter."));
  const picture = montageOf(scan);
  box.replaceChildren(
    make("p", { className: "small" }, `${view.at + 1} of ${view.order.length}`),
    make("h2", {}, scan.name),
    picture ? make("img", { src: picture, alt: `Montage of ${scan.name}` }) : "",
    links(scan),
    scan.reason ? make("p", { className: "failure" }, `\u2717 Not mapped: ${scan.reason}`) : "",
    ratingForm(scan),
    list("Warnings of the run", scan.warnings),
    list("Differs from most scans in", scan.differs),
    scan.state === "failed" ? "" : numbersTable(scan),
  );
}

function links(scan) {
  const found = [scan.page ? [fileOf(scan, "report.html"), "Page of this scan"] : null, scan.log ? [fileOf(scan, "log.txt"), "Log"] : null];
  return make("p", { className: "links" }, ...found.filter(Boolean).map(([href, words]) => make("a", { href }, words)));
}

function list(title, sentences) {
  return sentences.length ? make("section", {}, make("h3", {}, title), make("ul", {}, ...sentences.map((text) => make("li", {}, text)))) : "";
}

function ratingForm(scan) {
  const mine = myRating(scan);
  const buttons = LEVELS.map((level, n) => {
    const button = make("button", { type: "button", className: `rate ${level}`, "aria-pressed": mine.rating === level, title: `Key ${n + 1}` }, `${MARKS[level]} ${level}`, make("kbd", {}, String(n + 1)));
    button.addEventListener("click", () => rate(scan, mine.rating === level ? "" : level));
    return button;
  });
  const reason = make("input", { id: "reason", type: "text", value: mine.reason, maxLength: 300, disabled: !mine.rating, placeholder: mine.rating ? "why" : "rate first" });
  reason.setAttribute("list", "reasons");
  reason.addEventListener("change", () => rate(scan, myRating(scan).rating, reason.value.trim()));
  const others = ratingsOf(scan).filter((rating) => rating.rater !== given.rater);
  return make("form", { className: "rating" },
    make("div", { className: "buttons", role: "group", "aria-label": "Rating" }, ...buttons),
    make("label", {}, "Reason ", reason),
    others.length ? make("p", { className: "small" }, "Others: ", others.map((r) => `${r.rater || "unnamed"}: ${r.rating}${r.reason ? ` (${r.reason})` : ""}`).join("; ")) : "",
    disagree(scan) ? make("p", { className: "failure" }, `The raters disagree; ${ratingOf(scan)} counts.`) : "");
}

function numbersTable(scan) {
  const of = peers[scan.peers];
  const rows = columns.map((column, n) => {
    const side = scan.outliers[n];
    return make("tr", { className: side ? "out" : "" },
      make("th", { scope: "row", title: column.meaning }, column.title),
      make("td", {}, side ? `${sign(side)} ` : "", shown(scan.values[n], column.format), column.unit ? ` ${column.unit}` : ""),
      make("td", { className: "small" }, usual(of.limits[n], { format: column.format })));
  });
  return make("section", {}, make("h3", {}, "Numbers"), make("table", { className: "numbers" }, make("tbody", {}, ...rows)),
    make("p", { className: "small" }, `Compared with ${plural(of.count, "scan")}: ${of.label}.`));
}
