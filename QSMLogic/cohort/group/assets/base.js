// What the page knows, and small helpers. All text of scans is set as text, never as HTML.
const data = JSON.parse(document.getElementById("data").textContent);
const { scans, peers, differences, regions } = data;
const montages = document.getElementById("montages").textContent.split("\n").slice(1);
const allColumns = data.columns.map((column, n) => ({ ...column, n }));
const columns = allColumns.filter(({ n }) => scans.some((scan) => scan.values[n] !== null)); // n: place of the values
const NONE = "\u2013",
  UP = "\u25B2",
  DOWN = "\u25BC";
const COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8C6D00", "#56B4E9", "#555555"];

const byId = (id) => document.getElementById(id);

function make(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else if (name === "style") made.style.cssText = value;
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

// format: of Python, such as ".3g", ".0f" or "d".
function shown(value, format = ".3g") {
  if (value === null || value === "") return NONE;
  if (typeof value !== "number") return value;
  const [, digits, kind] = /^\.?(\d*)([dfg])$/.exec(format) ?? [null, "3", "g"],
    size = Math.abs(value);
  if (kind === "f" && size < 1e9) return value.toFixed(digits);
  if (Number.isInteger(value)) return String(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2);
  return size >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(digits || 3)));
}

const withUnit = (title, unit) => (unit ? `${title} (${unit})` : title);
const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
const sign = (side) => (side === "high" ? UP : DOWN);

// What is usual: {median, range} as text.
function usual(limits, format) {
  if (!limits) return { median: "", range: "" };
  const [median, low, high] = limits.map((value) =>
    value === null ? null : shown(value, format === "d" ? ".3g" : format),
  );
  const range =
    low !== null && high !== null
      ? `${low} to ${high}`
      : low !== null
        ? `\u2265 ${low}`
        : high !== null
          ? `\u2264 ${high}`
          : "";
  return { median, range };
}

function montageOf(scan) {
  if (data.linked) return scan.montage ? `scans/${encodeURIComponent(scan.name)}/montage.jpg` : "";
  const text = montages[scan.n];
  return text ? `data:image/jpeg;base64,${text}` : "";
}

const fileOf = (scan, name) => `scans/${encodeURIComponent(scan.name)}/${name}`;

// Tells parts of the page what has changed: "selection" or "rating".
const bus = new EventTarget();
const say = (what) => bus.dispatchEvent(new Event(what));
const on = (what, then) => bus.addEventListener(what, then);
