// Line charts as SVG, with a pointer, a legend and the numbers as a table.

import { count, drawn, element, number, show, table } from "./elements.js";

const margin = { left: 52, right: 14, top: 10, bottom: 26 };
const tableRows = 40;

/// Round values between `low` and `high`, about `wanted` of them.
function ticks(low, high, wanted) {
  const rough = (high - low || Math.abs(high) || 1) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= rough * 0.999) ?? 10 * power;
  const list = [];
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-9; value += step) list.push(Number(value.toPrecision(12)));
  return list;
}

/// An exponential average, so that a trend can be seen in noisy steps.
function smoothed(points) {
  if (points.length < 20) return null;
  const share = Math.min(0.95, 1 - 12 / points.length);
  let [sum, weight] = [0, 0];
  return points.map(({ x, y }) => {
    sum = sum * share + y * (1 - share);
    weight = weight * share + (1 - share);
    return { x, y: sum / weight };
  });
}

/// At most `limit` points, the last one among them.
function thinned(points, limit) {
  const step = Math.ceil(points.length / limit);
  return step < 2 ? points : points.filter((_, index) => index % step === 0 || index === points.length - 1);
}

class LineChart {
  /// - title: of the figure; - format: of y values; - xName: of the x values; - lowest: part of the y axis in any case.
  constructor({ title, xName = "Step", format = number, lowest = null }) {
    Object.assign(this, { title, xName, format, lowest, series: [], width: 0 });
    this.legend = element("ul", { class: "legend" });
    this.plot = element("div", { class: "plot" });
    this.tip = element("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    this.numbers = element("div");
    this.details = element("details", { class: "plain", on: { toggle: () => this.drawTable() } },
      element("summary", {}, "Show as a table"), this.numbers);
    this.element = element("figure", { class: "chart" },
      element("figcaption", {}, element("h3", {}, title), this.legend),
      element("div", { class: "plot-box" }, this.plot, this.tip), this.details);
    this.plot.addEventListener("pointermove", (event) => this.point(event));
    this.plot.addEventListener("pointerleave", () => this.leave());
    new ResizeObserver(() => {
      if (this.plot.clientWidth === this.width) return;
      this.draw();
    }).observe(this.plot);
  }

  /// `series`: `[{name, kind: "train" | "validation" | "rate", points: [{x, y}], smooth}]`; points sorted by x.
  update(series) {
    this.series = series.map((one) => ({ ...one, points: one.points.filter(({ y }) => Number.isFinite(y)) }));
    this.draw();
    this.drawTable();
  }

  draw() {
    this.width = this.plot.clientWidth;
    if (!this.width) return;
    const [width, height] = [this.width, this.width < 480 ? 190 : 230];
    const all = this.series.flatMap(({ points }) => points);
    this.drawLegend();
    if (!all.length) {
      show(this.plot, element("p", { class: "waiting" }, "The first values come with the first steps."));
      return;
    }
    const xs = all.map(({ x }) => x);
    let [left, right] = [xs.reduce((a, b) => Math.min(a, b)), xs.reduce((a, b) => Math.max(a, b))];
    if (left === right) [left, right] = [left - 1, right + 1];
    const ys = all.map(({ y }) => y);
    let [low, high] = [ys.reduce((a, b) => Math.min(a, b)), ys.reduce((a, b) => Math.max(a, b))];
    if (this.lowest !== null) low = Math.min(low, this.lowest);
    else if (low > 0 && low < high * 0.35) low = 0;
    if (low === high) [low, high] = [low - Math.abs(low || 1) * 0.5, high + Math.abs(high || 1) * 0.5];
    const room = (high - low) * 0.05;
    high += room;
    if (low !== 0) low -= room;
    const x = (value) => margin.left + (value - left) / (right - left) * (width - margin.left - margin.right);
    const y = (value) => height - margin.bottom - (value - low) / (high - low) * (height - margin.top - margin.bottom);
    this.scale = { x, y, left, right, width, height };
    const svg = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": this.summary() });
    for (const value of ticks(low, high, 4)) {
      svg.append(drawn("line", { class: "grid", x1: margin.left, x2: width - margin.right, y1: y(value), y2: y(value) }),
        drawn("text", { class: "tick", x: margin.left - 8, y: y(value) + 4, "text-anchor": "end" }, this.format(value)));
    }
    for (const value of ticks(left, right, Math.max(2, Math.floor(width / 110)))) {
      if (!Number.isInteger(value)) continue;
      svg.append(drawn("text", { class: "tick", x: x(value), y: height - 7, "text-anchor": "middle" }, count(value)));
    }
    for (const one of this.series) {
      const trend = one.smooth ? smoothed(one.points) : null;
      if (trend) svg.append(drawn("path", { class: `line ${one.kind} faint`, d: path(one.points, x, y) }));
      svg.append(drawn("path", { class: `line ${one.kind}`, d: path(trend ?? one.points, x, y) }));
      if (one.points.length <= 40) {
        for (const point of one.kind === "rate" ? [] : one.points) {
          if (one.kind === "train" && one.points.length > 1) continue;
          svg.append(drawn("circle", { class: `mark ${one.kind}`, cx: x(point.x), cy: y(point.y), r: 3.5 }));
        }
      }
    }
    this.cursor = drawn("line", { class: "cursor", y1: margin.top, y2: height - margin.bottom, visibility: "hidden" });
    svg.append(this.cursor);
    show(this.plot, svg);
  }

  drawLegend() {
    show(this.legend, this.series.filter(({ points }) => points.length).map(({ name, kind, points }) =>
      element("li", {}, drawn("svg", { class: "swatch", width: 22, height: 10, "aria-hidden": "true" },
        drawn("line", { class: `line ${kind}`, x1: 1, x2: 21, y1: 5, y2: 5 })), `${name} `,
      element("strong", {}, this.format(points.at(-1).y)))));
  }

  /// What a screen reader says instead of the picture.
  summary() {
    const parts = this.series.filter(({ points }) => points.length).map(({ name, points }) => {
      const [first, last] = [points[0], points.at(-1)];
      return `${name} ${this.format(first.y)} at ${this.xName.toLowerCase()} ${count(first.x)}, ${this.format(last.y)} at ${this.xName.toLowerCase()} ${count(last.x)}`;
    });
    return `${this.title}: ${parts.join("; ")}. The numbers follow as a table.`;
  }

  drawTable() {
    if (!this.details.open) {
      show(this.numbers);
      return;
    }
    const rows = new Map();
    for (const [index, { points }] of this.series.entries()) {
      for (const point of index === 0 ? thinned(points, tableRows) : points) {
        if (!rows.has(point.x)) rows.set(point.x, this.series.map(() => null));
      }
      for (const point of points) if (rows.has(point.x)) rows.get(point.x)[index] = point.y;
    }
    const sorted = [...rows].sort(([one], [two]) => one - two);
    show(this.numbers, table(this.title, [this.xName, ...this.series.map(({ name }) => name)],
      sorted.map(([x, values]) => [count(x), ...values.map((value) => value === null ? "–" : this.format(value))]), { class: "numbers" }));
  }

  point(event) {
    if (!this.scale || !this.cursor) return;
    const box = this.plot.getBoundingClientRect();
    const { x, left, right, width } = this.scale;
    const share = (event.clientX - box.left - margin.left) / (width - margin.left - margin.right);
    const wanted = left + share * (right - left);
    const nearest = (points) => points.reduce((best, point) => !best || Math.abs(point.x - wanted) < Math.abs(best.x - wanted) ? point : best, null);
    const longest = this.series.reduce((best, one) => one.points.length > best.points.length ? one : best, this.series[0]);
    const at = nearest(longest.points)?.x;
    if (at === undefined) return;
    this.cursor.setAttribute("x1", x(at));
    this.cursor.setAttribute("x2", x(at));
    this.cursor.setAttribute("visibility", "visible");
    show(this.tip, element("strong", {}, `${this.xName} ${count(at)}`), this.series.map(({ name, points }) => {
      const point = points.find((one) => one.x === at);
      return point ? element("span", {}, `${name} ${this.format(point.y)}`) : null;
    }));
    this.tip.hidden = false;
    const room = this.tip.offsetWidth + 16;
    this.tip.style.transform = `translateX(${Math.max(0, x(at) + room > width ? x(at) - room : x(at) + 12)}px)`;
  }

  leave() {
    this.tip.hidden = true;
    this.cursor?.setAttribute("visibility", "hidden");
  }
}

const path = (points, x, y) =>
  thinned(points, 1200).map((point, index) => `${index ? "L" : "M"}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`).join("");

/// The three charts of a job, from lines of metrics.jsonl and timings.jsonl.
export class JobCharts {
  constructor() {
    this.loss = new LineChart({ title: "Loss" });
    this.rate = new LineChart({ title: "Learning rate", lowest: 0 });
    this.speed = new LineChart({ title: "Tokens per second", lowest: 0, format: count });
    this.element = element("div", { class: "charts" }, this.loss.element,
      element("div", { class: "pair" }, this.rate.element, this.speed.element));
  }

  update(metrics, timings) {
    const points = (lines, key) => lines.filter((line) => Number.isFinite(line[key])).map((line) => ({ x: line.step, y: line[key] }));
    this.loss.update([
      { name: "Training", kind: "train", points: points(metrics, "loss"), smooth: true },
      { name: "Held out", kind: "validation", points: points(metrics, "validationLoss") },
    ]);
    this.rate.update([{ name: "Learning rate", kind: "rate", points: points(metrics, "learningRate") }]);
    this.speed.update([{ name: "Tokens per second", kind: "rate", points: points(timings, "tokensPerSecond") }]);
  }
}
