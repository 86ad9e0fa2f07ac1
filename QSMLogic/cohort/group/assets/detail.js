// The selected scan: its montage at full size, its rating and all of its numbers.
function drawDetail() {
  const scan = selected(),
    box = byId("detail");
  refreshForm = () => {};
  byId("said").textContent = scan
    ? `${scan.name}, ${view.at + 1} of ${view.order.length}, ${ratingOf(scan) || "unrated"}`
    : "";
  if (!scan) return box.replaceChildren(make("p", {}, "No scan matches the filter."));
  const picture = montageOf(scan);
  const seen = make(
    "div",
    {},
    make("p", { className: "small" }, `${view.at + 1} of ${view.order.length}`),
    make("h2", {}, scan.name),
    picture ? make("img", { src: picture, alt: `Montage of ${scan.name}` }) : "",
    links(scan),
    scan.reason ? make("p", { className: "failure" }, `\u2717 Not mapped: ${scan.reason}`) : "",
    ratingForm(scan),
  );
  const known = make(
    "div",
    {},
    list("Warnings of the run", scan.warnings),
    list("Differs from most scans in", scan.differs),
    scan.state === "failed" ? "" : numbersTable(scan),
  );
  box.replaceChildren(seen, known);
}

function links(scan) {
  const found = [
    scan.page ? [fileOf(scan, "report.html"), "Page of this scan"] : null,
    scan.log ? [fileOf(scan, "log.txt"), "Log"] : null,
  ];
  return make("p", { className: "links" }, ...found.filter(Boolean).map(([href, words]) => make("a", { href }, words)));
}

function list(title, sentences) {
  return sentences.length
    ? make("section", {}, make("h3", {}, title), make("ul", {}, ...sentences.map((text) => make("li", {}, text))))
    : "";
}

function ratingForm(scan) {
  const buttons = LEVELS.map((level, n) => {
    const button = make(
      "button",
      { type: "button", className: `rate ${level}`, title: `Key ${n + 1}` },
      `${MARKS[level]} ${level}`,
      make("kbd", {}, String(n + 1)),
    );
    button.addEventListener("click", () => rate(scan, myRating(scan).rating === level ? "" : level));
    return button;
  });
  const reason = make("input", { id: "reason", type: "text", maxLength: 300 });
  reason.setAttribute("list", "reasons");
  reason.addEventListener("input", () => rate(scan, myRating(scan).rating, reason.value));
  const others = make("p", { className: "small" }),
    problem = make("p", { className: "failure" });
  refreshForm = () => {
    const mine = myRating(scan),
      given = othersText(scan);
    buttons.forEach((button, n) => button.setAttribute("aria-pressed", mine.rating === LEVELS[n]));
    if (document.activeElement !== reason) reason.value = mine.reason;
    reason.disabled = !mine.rating;
    reason.placeholder = mine.rating ? "why" : "rate first";
    others.textContent = given ? `Others: ${given}` : "";
    const said = [
      disagree(scan) ? `The raters disagree; ${ratingOf(scan)} counts.` : "",
      isOutdated(scan) ? "A rating is older than this result: the scan was mapped again." : "",
    ];
    problem.textContent = said.join(" ").trim();
  };
  refreshForm();
  const group = make("div", { className: "buttons", role: "group", "aria-label": "Rating" }, ...buttons);
  return make("div", { className: "rating" }, group, make("label", {}, "Reason ", reason), others, problem);
}

let refreshForm = () => {};

const othersText = (scan) =>
  ratingsOf(scan)
    .filter((rating) => rating.rater !== given.rater)
    .map(({ rater, rating, reason }) => `${rater || "unnamed"}: ${rating}${reason ? ` (${reason})` : ""}`)
    .join("; ");

function numbersTable(scan) {
  const of = peers[scan.peers];
  const rows = columns.map((column) => {
    const { n } = column,
      side = scan.outliers[n],
      { median, range } = usual(of.limits[n], column.format);
    const title = make("th", { scope: "row", title: column.meaning }, withUnit(column.title, column.unit));
    const value = `${side ? `${sign(side)} ` : ""}${shown(scan.values[n], column.format)}`;
    return column.is_text
      ? make("tr", {}, title, make("td", { colSpan: 3 }, value))
      : make(
          "tr",
          { className: side ? "out" : "" },
          title,
          make("td", {}, value),
          make("td", {}, median),
          make("td", {}, range),
        );
  });
  const head = make("tr", {}, ...["", "Value", "Median", "Usual"].map((words) => make("th", { scope: "col" }, words)));
  return make(
    "section",
    {},
    make("h3", {}, "Numbers"),
    make("table", { className: "numbers" }, make("thead", {}, head), make("tbody", {}, ...rows)),
    make("p", { className: "small" }, `Compared with ${plural(of.count, "scan")}: ${of.label}.`),
  );
}
