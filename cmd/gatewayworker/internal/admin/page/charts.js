// Curves as SVG, without a library.
import { t } from "./words.js";
import { el } from "./format.js";

const svg = (tag, attributes = {}, ...children) => {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
};

// path joins points, x from 0 to 1 and y from 0 to most, in a box.
function path(values, most, width, height, top = 0) {
  const x = i => (values.length < 2 ? 1 : i / (values.length - 1)) * width;
  const y = v => top + (height - top) * (1 - v / most);
  return values.map((v, i) => `${i ? "L" : "M"}${x(i).toFixed(1)},${y(v).toFixed(1)}`).join("");
}

// sparkline shows how a number went.
export function sparkline(values) {
  const [width, height] = [160, 36];
  const most = Math.max(...values, 1e-9) * 1.08;
  const line = values.length ? path(values, most, width, height - 1, 2) : "";
  return svg("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("path", { class: "area", d: line && `${line}L${width},${height}L0,${height}Z` }),
    svg("path", { class: "line", d: line }));
}

// nice returns a round number that is not below n.
function nice(n) {
  if (n <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(n));
  return [1, 2, 2.5, 5, 10].map(f => f * power).find(f => f >= n * 0.999);
}

// Chart shows two curves of the last minutes, with what they are under the pointer.
export class Chart {
  constructor(box, series, show) {
    Object.assign(this, { box, series, show, points: [] });
    this.tip = el("div.tip", { hidden: "" });
    this.legend = el("div.legend");
    this.area = el("div.plot");
    box.append(this.legend, this.area, this.tip);
    new ResizeObserver(() => this.draw()).observe(this.area);
    this.area.addEventListener("pointermove", event => this.point(event));
    this.area.addEventListener("pointerleave", () => { this.tip.hidden = true; this.cursor?.setAttribute("visibility", "hidden"); });
  }

  set(points) {
    this.points = points;
    this.draw();
  }

  draw() {
    const width = Math.max(200, this.area.clientWidth), height = 180, left = 4, foot = 20, top = 14;
    const most = nice(Math.max(0, ...this.points.flatMap(p => this.series.map(s => p[s.key]))));
    const inner = height - foot;
    const lines = [0, 0.5, 1].map(f => {
      const y = top + (inner - top) * (1 - f);
      return svg("g", {},
        svg("line", { class: "grid", x1: 0, x2: width, y1: y, y2: y }),
        svg("text", { class: "axis", x: left, y: y - 4 }, f ? this.show(most * f) : ""));
    });
    const last = this.points.at(-1), first = this.points[0];
    const minutes = first && last ? Math.round((last.t - first.t) / 60000) : 0;
    const feet = [
      svg("text", { class: "axis", x: left, y: height - 4 }, minutes ? t("minutesAgo", minutes) : ""),
      svg("text", { class: "axis end", x: width - left, y: height - 4 }, t("nowLabel")),
    ];
    const curves = this.series.flatMap((s, i) => {
      const d = path(this.points.map(p => p[s.key]), most, width, inner, top);
      return [
        svg("path", { class: `area s${i}`, d: d && `${d}L${width},${inner}L0,${inner}Z` }),
        svg("path", { class: `line s${i}`, d }),
      ];
    });
    this.cursor = svg("line", { class: "cursor", y1: top, y2: inner, visibility: "hidden" });
    this.area.replaceChildren(svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" }, ...lines, ...curves, ...feet, this.cursor));
    this.legend.replaceChildren(...this.series.map((s, i) =>
      el(`span.s${i}`, {}, t(s.name), el("b", {}, last ? this.show(last[s.key]) : "–"))));
  }

  point(event) {
    if (this.points.length < 2) return;
    const box = this.area.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const p = this.points[Math.round(part * (this.points.length - 1))];
    this.cursor.setAttribute("x1", part * box.width);
    this.cursor.setAttribute("x2", part * box.width);
    this.cursor.setAttribute("visibility", "visible");
    this.tip.hidden = false;
    this.tip.replaceChildren(el("time", {}, new Date(p.t).toLocaleTimeString()), ...this.series.map((s, i) => el(`span.s${i}`, {}, `${t(s.name)} `, el("b", {}, this.show(p[s.key])))));
    this.tip.style.left = `${Math.min(box.width - 130, Math.max(0, part * box.width + 12))}px`;
  }
}
