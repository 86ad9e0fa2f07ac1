// Tabs, keys and the parts of the page that are made once.
const TABS = ["scans", "numbers", "regions", "differences"];

function showTab(name) {
  for (const tab of TABS) {
    byId(`tab-${tab}`).setAttribute("aria-selected", tab === name);
    byId(`tab-${tab}`).tabIndex = tab === name ? 0 : -1;
    byId(`panel-${tab}`).hidden = tab !== name;
  }
  if (name === "scans") {
    intoSight();
    drawRows();
  }
  redraw();
}

function listDifferences() {
  const MOST = 6,
    box = byId("panel-differences");
  if (!differences.length)
    return box.append(make("p", {}, "All scans have the same scanner, protocol, settings and software."));
  const kinds = [...new Set(differences.map((difference) => difference.kind))];
  box.append(
    ...kinds.map((kind) =>
      make(
        "section",
        {},
        make("h2", {}, kind),
        make(
          "table",
          { className: "differences" },
          make(
            "tbody",
            {},
            ...differences
              .filter((difference) => difference.kind === kind)
              .map((difference) => {
                const values = difference.values.slice(0, MOST).map(([text, count, numbers], n) => {
                  if (!numbers) return make("li", {}, make("b", {}, text), ` ${plural(count, "scan")}`);
                  const button = make("button", { type: "button", className: "link" }, plural(count, "scan"));
                  button.addEventListener("click", () => showOnly(numbers, `${difference.title}: ${text}`));
                  return make("li", {}, make("b", {}, text), " ", button);
                });
                const left = difference.values.length - MOST;
                if (left > 0) values.push(make("li", {}, `and ${plural(left, "other value")}`));
                return make(
                  "tr",
                  {},
                  make("th", { scope: "row" }, difference.title),
                  make("td", {}, make("ul", {}, ...values)),
                );
              }),
          ),
        ),
      ),
    ),
  );
}

function count() {
  const ratings = scans.map(ratingOf),
    of = (level) => ratings.filter((rating) => rating === level).length;
  const failed = scans.filter(SHOW.failed).length;
  const counts = [
    ["all", "scans", scans.length],
    ["all", "done", scans.length - failed],
    ["failed", "failed", failed],
    ["outliers", "with outliers", scans.filter(SHOW.outliers).length],
    ["unrated", "unrated", scans.filter(SHOW.unrated).length],
    ["good", "good", of("good")],
    ["doubtful", "doubtful", of("doubtful")],
    ["excluded", "excluded", of("excluded")],
    ["disagreement", "disagreement", scans.filter(disagree).length],
  ];
  byId("counts").replaceChildren(
    ...counts
      .filter(([, name, n]) => n || name !== "disagreement")
      .map(([show, name, n]) => {
        const button = make(
          "button",
          { type: "button", className: show },
          make("b", {}, n.toLocaleString("en")),
          ` ${name}`,
        );
        button.addEventListener("click", () => {
          view.only = null;
          view.show = byId("show").value = show;
          showTab("scans");
          arrange();
        });
        return button;
      }),
  );
  const left = unsaved();
  byId("save").textContent = left ? `Save ratings (${left} new)` : "Save ratings";
  byId("save").classList.toggle("new", left > 0);
  byId("rater").classList.toggle("new", left > 0 && !given.rater);
  byId("not-kept").hidden = kept;
}

function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches("input, select, textarea")) {
    if (event.key === "Escape" || (event.key === "Enter" && event.target.id !== "show")) event.target.blur();
    return;
  }
  const page = Math.max(1, Math.floor(byId("rows").clientHeight / ROW) - 1),
    scan = selected();
  const moves = {
    ArrowDown: view.at + 1,
    ArrowUp: view.at - 1,
    PageDown: view.at + page,
    PageUp: view.at - page,
    Home: 0,
    End: view.order.length - 1,
  };
  const tab = TABS.findIndex((name) => event.target.id === `tab-${name}`),
    step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (event.key in moves) select(moves[event.key]);
  else if (tab >= 0 && step) {
    const next = TABS[(tab + step + TABS.length) % TABS.length];
    showTab(next);
    byId(`tab-${next}`).focus();
  } else if (scan && ["1", "2", "3"].includes(event.key)) rate(scan, LEVELS[event.key - 1]);
  else if (scan && event.key === "0") rate(scan, "");
  else if (event.key === "r" && scan && myRating(scan).rating) byId("reason").focus();
  else if (event.key === "o" && scan?.page) window.open(fileOf(scan, "report.html"));
  else if (event.key === "/") byId("filter").focus();
  else return;
  event.preventDefault();
}

// The selected scan is in the address, so that the way back from its page, and a reload, lead to it.
function keepPlace() {
  const scan = selected();
  if (scan) history.replaceState(null, "", `#${encodeURIComponent(scan.name)}`);
}

function goToPlace() {
  const name = decodeURIComponent(location.hash.slice(1)),
    scan = scans.find((of) => of.name === name);
  if (scan && scan !== selected()) selectScan(scan.n);
}

function start() {
  makeHead();
  listDifferences();
  plotNumbers();
  byId("map").append(...regions.map((of) => make("option", {}, withUnit(of.map, of.unit))));
  byId("map").addEventListener("change", () => {
    plotRegions();
    redraw();
  });
  if (regions.length) plotRegions();
  byId("region-choice").hidden = !regions.length;
  byId("no-regions").hidden = regions.some((of) => of.segments.length > 1);
  for (const tab of TABS) byId(`tab-${tab}`).addEventListener("click", () => showTab(tab));
  byId("rater").value = given.rater;
  byId("rater").addEventListener("change", (event) => setRater(event.target.value));
  byId("save").addEventListener("click", saveRatings);
  byId("filter").addEventListener("input", (event) => {
    view.text = event.target.value;
    arrange();
  });
  byId("show").addEventListener("change", (event) => {
    view.show = event.target.value;
    arrange();
  });
  byId("all").addEventListener("click", () => showOnly(null));
  byId("rows").addEventListener("scroll", () => drawRows(), { passive: true });
  document.addEventListener("keydown", pressed);
  window.addEventListener("resize", () => {
    drawRows();
    redraw();
  });
  window.addEventListener("beforeprint", () => {
    document.body.classList.add("printing");
    drawRows(true);
    plots.forEach(draw);
  });
  window.addEventListener("afterprint", () => {
    document.body.classList.remove("printing");
    drawRows();
    redraw();
  });
  on("selection", () => {
    drawDetail();
    redraw();
  });
  on("rating", () => {
    count();
    refreshRatings();
    refreshForm();
    redraw();
  });
  count();
  arrange();
  goToPlace();
  on("selection", keepPlace);
  window.addEventListener("hashchange", goToPlace);
  showTab("scans");
}

start();
