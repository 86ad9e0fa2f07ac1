// Draws strip plots: one dot a scan, one lane for each group of scans that are alike, or for each region.
const PLOT = { left: 14, right: 14, axis: 26 };
const MOST_LANES_WITH_ONE_AXIS = 12;

function bounds(values) {
  const sorted = Float64Array.from(values).sort(),
    at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const reach = 5 * (at(0.75) - at(0.25)),
    all = [sorted[0], sorted.at(-1)];
  let [low, high] = reach > 0 ? [Math.max(all[0], at(0.25) - reach), Math.min(all[1], at(0.75) + reach)] : all;
  const room = low < high ? 0.04 * (high - low) : 0.5 * Math.abs(low) || 1;
  return [low >= 0 ? Math.max(low - room, -0.02 * (high - low || 1)) : low - room, high + room];
}

function ticksOf(low, high, about) {
  const rough = (high - low) / about,
    ten = 10 ** Math.floor(Math.log10(rough));
  const step = ten * [1, 2, 5, 10].find((m) => m * ten >= rough);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9)),
    found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++)
    found.push([n * step, step < 1e-7 || step >= 1e6 ? (n * step).toExponential(2) : (n * step + 0).toFixed(digits)]);
  return found;
}

const jitter = (n) => ((n * 0.618034) % 1) - 0.5; // evenly spread, the same each time

// plot: {canvas, lanes: [{label, limits, points: [[scan number, value, side]]}], height of a lane, left}
function draw(plot) {
  const { canvas } = plot,
    width = canvas.clientWidth,
    sharp = window.devicePixelRatio || 1;
  if (!width || !plot.range) return;
  const state = `${width} ${sharp} ${excludedScans()}`;
  if (plot.state !== state) drawBase(plot, width, sharp);
  plot.state = state;
  canvas.width = plot.base.width;
  canvas.height = plot.base.height;
  canvas.style.height = `${canvas.height / sharp}px`;
  const pen = canvas.getContext("2d"),
    chosen = selected()?.n;
  pen.drawImage(plot.base, 0, 0);
  pen.scale(sharp, sharp);
  for (const [x, y, n] of plot.dots) if (n === chosen) ring(pen, x, y);
}

const excludedScans = () =>
  scans
    .filter((scan) => scan.rating === "excluded")
    .map((scan) => scan.n)
    .join();

// All but the ring around the selected scan, which is drawn anew more often.
function drawBase(plot, width, sharp) {
  const { lanes } = plot,
    [low, high] = plot.range,
    left = PLOT.left + plot.left;
  const axes = lanes.length > MOST_LANES_WITH_ONE_AXIS ? 2 : 1,
    top = (axes - 1) * PLOT.axis;
  const height = lanes.length * plot.lane + axes * PLOT.axis;
  plot.base = make("canvas", { width: width * sharp, height: height * sharp });
  const pen = plot.base.getContext("2d", { alpha: false });
  const x = (value) =>
    left + ((Math.min(Math.max(value, low), high) - low) / (high - low)) * (width - left - PLOT.right);
  pen.scale(sharp, sharp);
  pen.font = "11px Helvetica, Arial, sans-serif";
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  for (const [at, words] of ticksOf(low, high, (width - left) / 80)) {
    pen.fillStyle = "#e4e4e4";
    pen.fillRect(x(at), top, 1, height - top - PLOT.axis);
    pen.fillStyle = "#333";
    pen.textAlign = "center";
    for (const y of [height - 10, 12].slice(0, axes)) pen.fillText(words, x(at), y);
  }
  plot.dots = [];
  lanes.forEach((lane, n) => drawLane(pen, plot, lane, top + (n + 0.5) * plot.lane, x, left, width, sharp));
}

function drawLane(pen, plot, lane, middle, x, left, width, sharp) {
  const half = plot.lane / 2 - 3;
  if (lane.limits) {
    const [median, low, high] = lane.limits,
      from = low === null ? left : x(low),
      to = high === null ? width - PLOT.right : x(high);
    pen.fillStyle = "#eef3f7";
    pen.fillRect(from, middle - half, Math.max(to - from, 1), 2 * half);
    pen.fillStyle = "#7a8a99";
    pen.fillRect(x(median), middle - half, 1, 2 * half);
  }
  if (plot.left) {
    pen.fillStyle = "#222";
    pen.textAlign = "right";
    pen.fillText(fitted(pen, lane.label, plot.left), left - 8, middle + 4);
  }
  for (const [n, value, side] of lane.points) {
    const px = x(value),
      py = middle + 1.6 * jitter(n) * (half - 3);
    const beyond = value < plot.range[0] ? -1 : value > plot.range[1] ? 1 : 0,
      hollow = scans[n].rating === "excluded";
    const stamp = dotOf(COLORS[(scans[n].peers ?? 0) % COLORS.length], Boolean(side), hollow, beyond, sharp);
    pen.drawImage(stamp, px - DOT / 2, py - DOT / 2, DOT, DOT);
    plot.dots.push([px, py, n, value]);
  }
}

const DOT = 16,
  dotsDrawn = new Map();

// A picture of a dot, drawn once.
function dotOf(color, isOutlier, hollow, beyond, sharp) {
  const key = [color, isOutlier, hollow, beyond, sharp].join();
  if (!dotsDrawn.has(key)) {
    const canvas = make("canvas", { width: DOT * sharp, height: DOT * sharp }),
      pen = canvas.getContext("2d");
    pen.scale(sharp, sharp);
    pen.translate(DOT / 2, DOT / 2);
    pen.beginPath();
    if (beyond) {
      pen.moveTo(6 * beyond, 0);
      pen.lineTo(-3 * beyond, -5);
      pen.lineTo(-3 * beyond, 5);
      pen.closePath();
    } else pen.arc(0, 0, isOutlier ? 4.2 : 2.6, 0, 7);
    pen.globalAlpha = isOutlier ? 1 : 0.55;
    pen.fillStyle = hollow ? "#fff" : color;
    pen.fill();
    pen.globalAlpha = 1;
    if (isOutlier || hollow) {
      pen.lineWidth = 1.2;
      pen.strokeStyle = hollow ? color : "#000";
      pen.stroke();
    }
    dotsDrawn.set(key, canvas);
  }
  return dotsDrawn.get(key);
}

function ring(pen, px, py) {
  for (const [width, color] of [
    [5, "#fff"],
    [2.5, "#000"],
  ]) {
    pen.beginPath();
    pen.arc(px, py, 7, 0, 7);
    pen.lineWidth = width;
    pen.strokeStyle = color;
    pen.stroke();
  }
}

function fitted(pen, words, width) {
  while (words.length > 3 && pen.measureText(words).width > width - 10) words = `${words.slice(0, -2)}\u2026`;
  return words;
}
