// What needs the token: clients, groups, the log.
import { get, hasToken, post, Refusal, setToken } from "./api.js";
import { bars, bytes, clock, el, number, table } from "./format.js";
import { t } from "./words.js";

const $ = id => document.getElementById(id);
const pageSize = 20;

const view = {
  query: "", slow: false,
  filter: {}, // uid, group or worker that was chosen
  offset: 0,
  gateway: "",
  client: null, // that is looked at
  refused: false,
  armed: 0, // timer of the second click on kick
};

// openInside says whom to call when the token has changed.
let changed = () => {};
export function openInside(whenChanged) {
  changed = whenChanged;
}

export function closeInside() {
  setToken("");
  view.refused = false;
  $("client").close();
}

export function showInside(overview, gateway) {
  if (view.gateway !== gateway) view.offset = 0;
  view.gateway = gateway;
  const open = hasToken() && !view.refused;
  $("inside").hidden = !open;
  $("locked").hidden = open || !overview;
  $("lock-hint").textContent = t(overview?.token_required === false ? "lockNone" : "lockHint");
  $("unlock").hidden = overview?.token_required === false;
  $("lock-error").textContent = view.refused ? t("badToken") : "";
  $("show-all").classList.toggle("on", !view.slow);
  $("show-slow").classList.toggle("on", view.slow);
  const [kind, name] = Object.entries(view.filter)[0] ?? [];
  $("filter").hidden = !kind;
  if (kind) $("filter").textContent = t(`${kind}Filter`, name);
}

export async function refreshInside(overview, gateway) {
  showInside(overview, gateway);
  if (!hasToken() || view.refused) return;
  try {
    await Promise.all([refreshClients(), refreshGroups(), refreshSlow(), refreshLog()]);
  } catch (err) {
    if (!(err instanceof Refusal)) return; // the next look will tell
    if (err.status === 401 || err.status === 403) {
      setToken("");
      view.refused = err.status === 401;
      changed();
    }
  }
}

async function refreshClients() {
  const asked = JSON.stringify([view.query, view.slow, view.filter, view.offset, view.gateway]);
  const page = await get("api/clients", {
    q: view.query, slow: view.slow ? "1" : "", ...view.filter, gateway: view.gateway, offset: view.offset, limit: pageSize,
  });
  if (asked !== JSON.stringify([view.query, view.slow, view.filter, view.offset, view.gateway])) return;
  if (!page.items.length && view.offset > 0) {
    view.offset = Math.max(0, Math.floor((page.total - 1) / pageSize) * pageSize);
    return refreshClients();
  }
  $("clients-count").textContent = number(page.total);
  const rows = page.items.map(c => ({
    open: () => look(c.client_id),
    cells: [
      el("code", {}, c.client_id), c.uid || "–",
      el("span", {}, c.groups.slice(0, 3).join(", ") || "–", c.group_count > 3 ? ` +${c.group_count - 3}` : ""),
      el("span", {}, c.remote, c.ready ? "" : el("span.badge", {}, t("handshake"))),
      c.worker || "–",
      el(c.waiting_bytes ? "span.bad" : "span", {}, bytes(c.waiting_bytes)),
    ],
  }));
  const focused = [...$("clients").querySelectorAll("tr")].indexOf(document.activeElement);
  $("clients").replaceChildren(page.items.length
    ? table([t("client"), t("uid"), t("groups"), t("address"), t("worker"), `#${t("waitingBytes")}`], rows)
    : el("p.hint", {}, t("noClients")));
  $("clients").querySelectorAll("tr")[focused]?.focus({ preventScroll: true });
  const end = view.offset + page.items.length;
  $("range").textContent = page.total ? t("rows", number(view.offset + 1), number(end), number(page.total)) : "";
  $("back").disabled = view.offset === 0;
  $("forth").disabled = end >= page.total;
}

async function refreshGroups() {
  const page = await get("api/groups", { gateway: view.gateway, limit: 8 });
  $("groups-count").textContent = number(page.total);
  $("groups").replaceChildren(...bars(page.items.map(g => ({ name: g.name, value: g.clients, open: () => choose({ group: g.name }) })), t("noGroups")));
}

async function refreshSlow() {
  const page = await get("api/clients", { slow: "1", gateway: view.gateway, limit: 8 });
  $("slow-count").textContent = number(page.total);
  $("slow").replaceChildren(...bars(page.items.map(c => ({
    name: c.uid ? `${c.uid} · ${c.client_id}` : c.client_id, value: c.waiting_bytes, text: bytes(c.waiting_bytes), open: () => look(c.client_id),
  })), t("noSlow")));
}

async function refreshLog() {
  const page = await get("api/log", { limit: 20 });
  const lines = page.items.map(l => el(`li.${l.level}`, {},
    el("time", { datetime: l.time }, clock(l.time)),
    el("span.level", {}, l.level),
    el("span.text", {}, l.message, el("span.fields", {}, Object.entries(l.fields ?? {}).map(([k, v]) => ` ${k}=${v}`).join("")))));
  $("log").replaceChildren(...lines.length ? lines : [el("li.hint", {}, t("noErrors"))]);
}

// choose lists the clients of a uid, group or worker; of all with {}.
function choose(filter) {
  Object.assign(view, { filter, offset: 0 });
  $("client").close();
  showNow();
  $("clients-title").scrollIntoView({ block: "nearest" });
}

function showNow() {
  changed();
}

// look opens a client.
async function look(id) {
  try {
    const c = await get(`api/clients/${id}`);
    view.client = c;
    showClient(c);
    if (!$("client").open) $("client").showModal();
  } catch (err) {
    if (err instanceof Refusal && err.status === 404) note(t("gone"));
  }
}

function showClient(c) {
  disarm();
  $("client-title").textContent = c.client_id;
  const link = (text, filter) => el("button.link", { type: "button", click: () => choose(filter) }, text);
  $("client-facts").replaceChildren(
    el("dt", {}, t("uid")), el("dd", {}, c.uid ? link(c.uid, { uid: c.uid }) : "–"),
    el("dt", {}, t("groups")), el("dd.chips", {}, ...c.groups.length ? c.groups.map(g => el("button.chip", { type: "button", click: () => choose({ group: g }) }, g)) : ["–"]),
    el("dt", {}, t("address")), el("dd", {}, c.remote, c.ready ? "" : el("span.badge", {}, t("handshake"))),
    el("dt", {}, t("worker")), el("dd", {}, c.worker ? link(c.worker, { worker: c.worker }) : "–"),
    el("dt", {}, t("gateway")), el("dd", {}, c.gateway),
    el("dt", {}, t("waitingBytes")), el("dd", {}, bytes(c.waiting_bytes)));
  $("client-session").textContent = c.session_base64 ? `${t("binarySession")}\n${c.session_base64}`
    : c.session_bytes ? JSON.stringify(c.session, null, 2) : t("noSession");
  const to = [["client_id", c.client_id, t("toClient")]];
  if (c.uid) to.push(["uid", c.uid, t("toUid", c.uid)]);
  for (const g of c.groups.slice(0, 20)) to.push(["group", g, t("toGroup", g)]);
  $("client-to").replaceChildren(...to.map(([kind, name, text]) => el("option", { value: JSON.stringify({ [kind]: name }) }, text)));
  note("");
}

function note(text, bad) {
  $("client-note").textContent = text;
  $("client-note").className = bad ? "complaint" : "";
}

function disarm() {
  clearTimeout(view.armed);
  view.armed = 0;
  $("client-kick").textContent = t("kick");
  $("client-kick").classList.remove("sure");
}

async function act(path, body, said) {
  try {
    note(said(await post(path, body)));
    return true;
  } catch (err) {
    note(err instanceof Refusal && err.status === 404 ? t("gone") : err.message, true);
    return false;
  }
}

$("client-send").addEventListener("submit", async event => {
  event.preventDefault();
  const message = $("client-message").value;
  if (!message) return;
  if (await act("api/send", { ...JSON.parse($("client-to").value), message }, done => t("sent", number(done.clients)))) $("client-message").value = "";
});

// A second click within some seconds kicks.
$("client-kick").addEventListener("click", async () => {
  if (!view.armed) {
    $("client-kick").textContent = t("kickSure");
    $("client-kick").classList.add("sure");
    view.armed = setTimeout(disarm, 4000);
    return;
  }
  disarm();
  await act("api/kick", { client_id: view.client.client_id }, () => t("kicked"));
  changed();
});

$("client-close").addEventListener("click", () => $("client").close());
$("client").addEventListener("click", event => { if (event.target === $("client")) $("client").close(); });

$("find").addEventListener("submit", event => {
  event.preventDefault();
  Object.assign(view, { query: $("query").value.trim(), offset: 0 });
  showNow();
});
$("query").addEventListener("search", () => $("find").requestSubmit());
$("show-all").addEventListener("click", () => { Object.assign(view, { slow: false, offset: 0 }); showNow(); });
$("show-slow").addEventListener("click", () => { Object.assign(view, { slow: true, offset: 0 }); showNow(); });
$("filter").addEventListener("click", () => choose({}));
$("back").addEventListener("click", () => { view.offset = Math.max(0, view.offset - pageSize); showNow(); });
$("forth").addEventListener("click", () => { view.offset += pageSize; showNow(); });

$("unlock").addEventListener("submit", event => {
  event.preventDefault();
  setToken($("token").value.trim());
  $("token").value = "";
  view.refused = false;
  changed();
});
