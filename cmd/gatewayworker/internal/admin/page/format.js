// How numbers, bytes and times are shown; and making elements.
import { lang, t } from "./words.js";

const locale = () => lang() === "zh" ? "zh-CN" : "en";

// number shows up to six digits, and more in short.
export function number(n) {
  const options = Math.abs(n) < 1e6 ? { maximumFractionDigits: Math.abs(n) < 10 && n % 1 ? 1 : 0 } : { notation: "compact", maximumFractionDigits: 1 };
  return new Intl.NumberFormat(locale(), options).format(n);
}

// bytes returns a number and its unit.
export function bytesParts(n) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let i = 0;
  while (n >= 1000 && i < units.length - 1) {
    n /= 1000;
    i++;
  }
  return [new Intl.NumberFormat(locale(), { maximumFractionDigits: i > 0 && n < 100 ? 1 : 0 }).format(n), units[i]];
}

export const bytes = n => bytesParts(n).join(" ");

// seconds returns a short time and its unit.
export function secondsParts(s) {
  if (s === 0) return ["0", "µs"];
  if (s < 0.001) return [number(Math.round(s * 1e6)), "µs"];
  if (s < 1) return [number(s * 1000), "ms"];
  return [number(s), "s"];
}

// duration is a long time in two units.
export function duration(s) {
  s = Math.max(0, Math.floor(s));
  if (s < 60) return t("seconds", s);
  if (s < 3600) return t("minutes", Math.floor(s / 60));
  if (s < 86400) return t("hours", Math.floor(s / 3600), Math.floor(s % 3600 / 60));
  return t("days", Math.floor(s / 86400), Math.floor(s % 86400 / 3600));
}

export const clock = time => new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(new Date(time));

// el makes an element; a function is a listener, a string child is text.
export function el(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const e = document.createElement(name);
  if (classes.length) e.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") e.addEventListener(key, value);
    else if (value !== undefined && value !== false) e.setAttribute(key, value);
  }
  e.append(...children.filter(c => c !== undefined && c !== null));
  return e;
}

// table makes one of column titles and rows of cells. A title that begins with #
// is of a column of numbers.
export function table(titles, rows) {
  const numeric = titles.map(title => title.startsWith("#"));
  const head = el("tr", {}, ...titles.map((title, i) => el(numeric[i] ? "th.n" : "th", { scope: "col" }, title.replace(/^#/, ""))));
  const body = rows.map(row => {
    const tr = el("tr", {}, ...row.cells.map((cell, i) => el(numeric[i] ? "td.n" : "td", { "data-title": titles[i].replace(/^#/, "") }, cell)));
    if (row.open) {
      tr.tabIndex = 0;
      tr.className = "opens";
      tr.addEventListener("click", row.open);
      tr.addEventListener("keydown", event => { if (event.key === "Enter") row.open(); });
    }
    return tr;
  });
  return el("table", {}, el("thead", {}, head), el("tbody", {}, ...body));
}

// bars makes a list of names with a number and a bar, as long as its part of the
// largest.
export function bars(rows, empty) {
  if (!rows.length) return [el("p.hint", {}, empty)];
  const most = Math.max(1, ...rows.map(r => r.value));
  return rows.map(r => {
    const fill = el("i");
    fill.style.width = `${Math.max(1, 100 * r.value / most)}%`;
    const name = r.open ? el("button.link", { type: "button", click: r.open }, r.name) : el("span", {}, r.name);
    return el("div.barline", {}, name, el("b", {}, r.text ?? number(r.value)), el("span.track", {}, fill));
  });
}
