// The page: numbers of the process, every two seconds.
import { get, hasToken } from "./api.js";
import { Chart, sparkline } from "./charts.js";
import { bars, bytes, bytesParts, clock, duration, el, number, secondsParts, table } from "./format.js";
import { closeInside, openInside, refreshInside, showInside } from "./inside.js";
import { drawProcess, onChange } from "./process.js";
import { drainingReason, has, lang, reasonText, setLanguage, t, translate } from "./words.js";

const $ = id => document.getElementById(id);
const kept = 150; // samples

const state = {
  overview: null,
  lost: false,
  since: 0,
  samples: new Map(), // of each gateway, the oldest first
  gateway: "", // "" is all
};

// shown are the gateways that the operator looks at.
const shown = () => state.overview.gateways.filter(g => !state.gateway || g.name === state.gateway);

const sum = (list, f) => list.reduce((n, x) => n + f(x), 0);

// merged adds up the samples of the gateways that are shown: all are taken at the
// same times.
function merged() {
  const times = new Map();
  for (const g of shown()) {
    for (const p of state.samples.get(g.name) ?? []) {
      const at = times.get(p.t);
      if (!at) {
        times.set(p.t, { ...p });
        continue;
      }
      for (const key of Object.keys(p)) {
        if (key === "t") continue;
        at[key] = key.startsWith("turn_") ? Math.max(at[key], p[key]) : at[key] + p[key];
      }
    }
  }
  return [...times.values()].sort((a, b) => a.t - b.t);
}

function take(overview) {
  if (state.overview && (state.overview.pid !== overview.pid || overview.uptime_seconds < state.overview.uptime_seconds)) {
    state.samples.clear(); // another process
  }
  state.overview = overview;
  for (const g of overview.gateways) {
    const before = state.samples.get(g.name) ?? [];
    const newest = before.at(-1)?.t ?? 0;
    state.samples.set(g.name, [...before, ...g.samples.filter(p => p.t > newest)].slice(-kept));
    state.since = Math.max(state.since, newest, ...g.samples.map(p => p.t));
  }
}

const charts = {
  messages: new Chart($("chart-messages"), [{ key: "in", name: "in" }, { key: "out", name: "out" }], number),
  bytes: new Chart($("chart-bytes"), [{ key: "bytes_in", name: "in" }, { key: "bytes_out", name: "out" }], bytes),
};

// card is one number with its curve.
function card(key, [value, unit], note, values, bad) {
  return el(bad ? "div.card.bad" : "div.card", { id: `card-${key}` },
    el("h2", {}, t(key)),
    el("p.value", {}, value, unit ? el("small", {}, unit) : ""),
    el("p.note", {}, note),
    sparkline(values));
}

function drawCards(points) {
  const gateways = shown();
  const last = points.at(-1) ?? { in: 0, out: 0, bytes_in: 0, bytes_out: 0, dropped: 0, connects: 0, turn_p50: 0, turn_p99: 0 };
  const rate = n => [number(n), t("perSecond")];
  const byteRate = n => {
    const [value, unit] = bytesParts(n);
    return [value, unit + t("perSecond")];
  };
  const workers = gateways.flatMap(g => g.workers);
  const backlog = sum(workers, w => w.waiting_bytes);
  const dropped = side => sum(gateways, g => g.dropped[side]);
  const of = key => points.map(p => p[key]);
  $("cards").replaceChildren(
    card("clients", [number(sum(gateways, g => g.clients))], t("connectsNote", number(last.connects), number(sum(gateways, g => g.uids)), number(sum(gateways, g => g.groups))), of("clients")),
    card("messagesIn", rate(last.in), t("totalNote", number(sum(gateways, g => g.messages.in))), of("in")),
    card("messagesOut", rate(last.out), t("totalNote", number(sum(gateways, g => g.messages.out))), of("out")),
    card("latency", secondsParts(last.turn_p99), last.turn_p99 ? t("latencyNote", secondsParts(last.turn_p50).join(" ")) : t("latencyIdle"), of("turn_p99"), last.turn_p99 >= 0.2),
    card("bytesIn", byteRate(last.bytes_in), t("totalNote", bytes(sum(gateways, g => g.bytes.in))), of("bytes_in")),
    card("bytesOut", byteRate(last.bytes_out), t("totalNote", bytes(sum(gateways, g => g.bytes.out))), of("bytes_out")),
    card("dropped", rate(last.dropped), t("droppedNote", number(dropped("client")), number(dropped("worker"))), of("dropped"), last.dropped > 0),
    card("backlog", bytesParts(backlog), t("backlogNote", number(workers.length)), of("backlog"), backlog > 1e6));
}

function drawWorkers() {
  const now = Date.parse(state.overview.time);
  const workers = shown().flatMap(g => g.workers.map(w => ({ gateway: g.name, ...w })));
  workers.sort((a, b) => b.waiting_bytes - a.waiting_bytes || b.clients - a.clients);
  $("workers-count").textContent = number(workers.length);
  const several = shown().length > 1;
  const titles = [t("worker"), ...(several ? [t("gateway")] : []), `#${t("bound")}`, `#${t("waitingBytes")}`, `#${t("droppedMessages")}`, `#${t("since")}`];
  const rows = workers.slice(0, 50).map(w => ({
    cells: [w.key, ...(several ? [w.gateway] : []), number(w.clients),
      el(w.waiting_bytes ? "span.bad" : "span", {}, bytes(w.waiting_bytes)),
      el(w.dropped ? "span.bad" : "span", {}, number(w.dropped)),
      t("ago", duration((now - Date.parse(w.since)) / 1000))],
  }));
  $("workers").replaceChildren(
    workers.length ? table(titles, rows) : el("p.hint", {}, t(shown().length ? "noWorkers" : "noGateways")),
    workers.length > rows.length ? el("p.hint", {}, t("more", workers.length - rows.length)) : "");
}

function drawCluster() {
  const facts = [];
  for (const g of shown()) {
    if (g.name !== g.inner) facts.push(el("dt", {}, t("gateway")), el("dd", {}, el("b", {}, g.name)));
    for (const l of g.listeners) {
      facts.push(el("dt", {}, t("listen")), el("dd", {}, l.listen, l.tls ? el("span.badge", {}, "TLS") : ""));
    }
    facts.push(el("dt", {}, t("inner")), el("dd", {}, g.inner));
    for (const r of g.registers) {
      facts.push(el("dt", {}, t("register")), el("dd", {}, r.address, " ",
        el(r.connected ? "span.badge.good" : "span.badge.bad", { title: r.error ?? "" }, t(r.connected ? "announced" : "notAnnounced"))));
    }
  }
  const own = state.overview.register;
  if (own) facts.push(el("dt", {}, t("ownRegister")), el("dd", {}, `${own.listen} · `, t("gatewaysAndWorkers", own.gateways.length, own.workers)));
  $("cluster").replaceChildren(...facts);

  const closes = new Map();
  for (const g of shown()) {
    for (const [reason, n] of Object.entries(g.closes)) closes.set(reason, (closes.get(reason) ?? 0) + n);
  }
  const rows = [...closes].filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1])
    .map(([reason, n]) => ({ name: has(`reason_${reason}`) ? t(`reason_${reason}`) : reason, value: n }));
  $("closes").replaceChildren(...bars(rows, t("noEndings")));
}

function drawHead() {
  const o = state.overview;
  const ready = o.gateways.every(g => g.ready);
  const label = state.lost ? "lost" : ready ? "ready" : "notReady";
  $("state").className = label;
  $("state").firstElementChild.textContent = t(label);
  $("process").textContent = [o.host, o.version.replace(/ \(.*/, ""), t("uptime", duration(o.uptime_seconds)), t("memoryNote", bytes(o.memory_bytes))].join(" · ");
  document.title = `${state.lost ? "✕" : ready ? "" : "! "}${number(sum(o.gateways, g => g.clients))} · ${o.host} – GatewayWorker`;
  const banners = o.gateways.filter(g => !g.ready && !(o.drain && g.missing === drainingReason)).map(g => t("notReadyBanner", g.name, reasonText(g.missing)));
  if (state.lost) banners.unshift(t("lostBanner", clock(o.time)));
  const texts = [...$("banners").children].map(b => b.textContent);
  if (texts.join() !== banners.join()) $("banners").replaceChildren(...banners.map(text => el("p.banner", {}, text)));

  $("gateway").hidden = o.gateways.length < 2;
  const names = ["", ...o.gateways.map(g => g.name)];
  if ([...$("gateway").options].map(x => x.value + x.text).join() !== names.map(n => n + (n || t("allGateways"))).join()) {
    $("gateway").replaceChildren(...names.map(n => el("option", { value: n }, n || t("allGateways"))));
    $("gateway").value = state.gateway;
  }
}

function draw() {
  if (!state.overview) return;
  drawHead();
  drawProcess(state.overview);
  const points = merged();
  drawCards(points);
  charts.messages.set(points);
  charts.bytes.set(points);
  drawWorkers();
  drawCluster();
}

async function refresh() {
  try {
    take(await get("api/overview", { since: state.since || "" }));
    state.lost = false;
  } catch {
    state.lost = true;
  }
  if (!state.overview) {
    $("state").className = "lost";
    $("state").firstElementChild.textContent = t(state.lost ? "lost" : "waiting");
    return;
  }
  draw();
  if (!state.lost) await refreshInside(state.overview, state.gateway);
}

// Theme: that of the system, unless chosen.
const themes = ["auto", "light", "dark"];
let theme = localStorage.getItem("theme") || "auto";

function drawTools() {
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = { auto: "◐", light: "☀", dark: "☾" }[theme];
  $("theme").title = t("theme", t(theme));
  $("theme").setAttribute("aria-label", $("theme").title);
  $("language").textContent = t("language");
  $("language").lang = lang() === "zh" ? "en" : "zh";
  $("key").textContent = t(hasToken() ? "lock" : "locked");
  $("key").hidden = !hasToken();
}

function redraw() {
  translate();
  drawTools();
  draw();
  showInside(state.overview, state.gateway);
}

$("theme").addEventListener("click", () => {
  theme = themes[(themes.indexOf(theme) + 1) % themes.length];
  localStorage.setItem("theme", theme);
  drawTools();
});
$("language").addEventListener("click", () => {
  setLanguage(lang() === "zh" ? "en" : "zh");
  redraw();
});
$("key").addEventListener("click", () => {
  closeInside();
  redraw();
});
$("gateway").addEventListener("change", () => {
  state.gateway = $("gateway").value;
  redraw();
  refresh();
});
onChange(() => refresh());
openInside(() => {
  redraw();
  refresh();
});

redraw();
for (;;) {
  if (!document.hidden) await refresh();
  await new Promise(done => {
    const timer = setTimeout(done, 2000);
    document.addEventListener("visibilitychange", () => { clearTimeout(timer); done(); }, { once: true });
  });
}
