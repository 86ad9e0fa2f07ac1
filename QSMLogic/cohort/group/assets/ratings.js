// Ratings: those of the file that the page was made with, and those given here, which the browser keeps.
const LEVELS = ["good", "doubtful", "excluded"];
const MARKS = { good: "\u2713", doubtful: "?", excluded: "\u2717" };
const KEY = `qsm group ratings ${location.pathname}`;
const given = { rater: "", by: Object.create(null) }; // by: {rater: {scan: {rating, reason, rated}}}
let kept = true;

function readGiven() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) || "{}");
    if (typeof found.rater === "string") given.rater = found.rater;
    for (const [rater, of] of Object.entries(found.by ?? {})) given.by[rater] = Object.assign(Object.create(null), of);
  } catch {
    kept = false;
  }
}

function keepGiven(scan) {
  try {
    localStorage.setItem(KEY, JSON.stringify(given));
  } catch {
    kept = false;
  }
  (scan ? [scan] : scans).forEach(judge);
  say("rating");
}

const own = (scan) => given.by[given.rater]?.[scan.name];
const ofFile = (scan, rater) => scan.ratings.find((rating) => rating.rater === rater);
const myRating = (scan) => own(scan) ?? ofFile(scan, given.rater) ?? { rating: "", reason: "" };

function ratingsOf(scan) {
  const here = Object.entries(given.by).filter(([, of]) => of[scan.name]);
  const raters = new Set(here.map(([rater]) => rater));
  const all = scan.ratings.filter((rating) => !raters.has(rating.rater));
  for (const [rater, of] of here) if (of[scan.name].rating) all.push({ rater, ...of[scan.name] });
  return all.sort((a, b) => (a.rater < b.rater ? -1 : 1));
}

const worst = (ratings) => LEVELS[Math.max(-1, ...ratings.map((rating) => LEVELS.indexOf(rating.rating)))] ?? "";
const ratingOf = (scan) => scan.rating;
const disagree = (scan) => scan.disputed;

// Whether a rating is older than the result; both are in UTC, to the second.
const isOutdated = (scan) =>
  scan.state === "done" && ratingsOf(scan).some(({ rated }) => rated && rated.slice(0, 19) < scan.started.slice(0, 19));

function judge(scan) {
  const ratings = ratingsOf(scan);
  scan.rating = worst(ratings);
  scan.disputed = new Set(ratings.map((rating) => rating.rating)).size > 1;
}

const plain = (text) =>
  String(text ?? "")
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
    .trim();

function rate(scan, rating, reason = myRating(scan).reason) {
  const rated = new Date().toISOString().slice(0, 19) + "Z";
  given.by[given.rater] ??= Object.create(null);
  given.by[given.rater][scan.name] = { rating, reason: rating ? plain(reason) : "", rated };
  keepGiven(scan);
}

function setRater(name) {
  const unnamed = given.rater === "" ? given.by[""] : undefined;
  given.rater = plain(name);
  if (unnamed && given.rater) {
    given.by[given.rater] = Object.assign(Object.create(null), unnamed, given.by[given.rater]);
    delete given.by[""];
  }
  keepGiven();
}

const isInFile = (scan, rater, { rating, reason }) => {
  const known = ofFile(scan, rater);
  return rating ? known?.rating === rating && known.reason === reason : !known;
};

function unsaved() {
  let count = 0;
  for (const [rater, of] of Object.entries(given.by))
    for (const scan of scans) if (of[scan.name] && !isInFile(scan, rater, of[scan.name])) count++;
  return count;
}

function cell(text) {
  let safe = plain(text) || "n/a";
  if (/^[\s']*[=+@\-\uff1d\uff0b\uff20\uff0d]/.test(safe)) safe = `'${safe}`;
  return safe.includes('"') ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function ratingsText() {
  const header = ["scan", "rating", "reason", "rater", "rated"];
  const lines = scans.flatMap((scan) =>
    ratingsOf(scan).map((rating) => [scan.name, rating.rating, rating.reason, rating.rater, rating.rated]),
  );
  return [header, ...lines].map((line) => line.map(cell).join("\t")).join("\n") + "\n";
}

function saveRatings() {
  const address = URL.createObjectURL(new Blob([ratingsText()], { type: "text/tab-separated-values" }));
  make("a", { href: address, download: "group_ratings.tsv" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

readGiven();
scans.forEach(judge);
