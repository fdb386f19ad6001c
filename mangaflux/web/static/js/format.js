// Numbers, times and sentences for people, in the language that the document says it is in.

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** 12 345 678 → "12.3 MB". */
export function bytes(count) {
  let size = count;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = size < 10 && unit > 0 ? 1 : 0;
  return `${new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(size)} ${UNITS[unit]}`;
}

/** 95 → "1 min 35 s"; one unit where the second says nothing. */
export function duration(seconds) {
  if (seconds < 10) return `${new Intl.NumberFormat(language(), { maximumFractionDigits: 1 }).format(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 90) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (whole < 600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** How long ago something was, or its date where that says more. */
export function ago(time) {
  const seconds = (Date.now() - new Date(time).getTime()) / 1000;
  const relative = new Intl.RelativeTimeFormat(language(), { numeric: "auto" });
  if (seconds < 60) return relative.format(0, "second");
  if (seconds < 3600) return relative.format(-Math.round(seconds / 60), "minute");
  if (seconds < 86400) return relative.format(-Math.round(seconds / 3600), "hour");
  if (seconds < 7 * 86400) return relative.format(-Math.round(seconds / 86400), "day");
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium" }).format(new Date(time));
}

/** 0.523 → "52 %". */
export function percent(share) {
  return new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** A sentence. `{name}` is replaced by `values.name`; of "one|many" the half that fits `values.count` is taken. */
export function filled(sentence, values) {
  const halves = sentence.split("|");
  const half = halves.length === 2 && values.count !== 1 ? halves[1] : halves[0];
  return half.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? formatted(values[name]) : whole));
}

/** Sorts page_2 before page_10, as the server does. */
export function byNaturalName(left, right) {
  return new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare(left, right);
}

function formatted(value) {
  return typeof value === "number" ? new Intl.NumberFormat(language()).format(value) : String(value);
}

function language() {
  return document.documentElement.lang;
}
