// What operators do with the process: reload its configuration, send its clients away.
import { post } from "./api.js";
import { el, duration, number } from "./format.js";
import { t } from "./words.js";

const $ = id => document.getElementById(id);

let armed = 0; // of a click that a second one confirms
let clients = 0; // that a drain would send away
let changed = () => {};

// onChange has f called when something was done.
export function onChange(f) {
  changed = f;
}

// drawProcess shows what can be done, and how far a drain is.
export function drawProcess(overview) {
  clients = overview.gateways.reduce((n, g) => n + g.clients, 0);
  const drain = overview.drain;
  $("process-panel").hidden = !overview.can_reload && !overview.can_drain;
  $("reload").hidden = !overview.can_reload;
  if (!armed) $("reload").textContent = t("reload");
  $("drain-open").hidden = !overview.can_drain;
  $("drain-open").disabled = Boolean(drain && !drain.done);
  $("drain").hidden = !drain;
  if (!drain) return;
  $("drain-state").textContent = drain.done
    ? t("drained", number(drain.clients))
    : t("draining", number(drain.clients), number(drain.from), duration(Math.ceil(drain.seconds_left)));
  const gone = drain.done ? 1 : 1 - drain.clients / Math.max(drain.from, drain.clients, 1);
  $("drain").querySelector("i").style.width = `${100 * gone}%`;
}

function note(lines, bad) {
  $("process-note").replaceChildren(...lines.flatMap(line => [line, el("br")]));
  $("process-note").className = bad ? "complaint" : "hint";
}

function disarm() {
  clearTimeout(armed);
  armed = 0;
  $("reload").textContent = t("reload");
  $("reload").classList.remove("sure");
}

// A second click within some seconds reloads.
$("reload").addEventListener("click", async () => {
  if (!armed) {
    $("reload").textContent = t("reloadSure");
    $("reload").classList.add("sure");
    armed = setTimeout(disarm, 4000);
    return;
  }
  disarm();
  try {
    const report = await post("api/reload", {});
    const lines = [["reloadChanged", report.changed], ["reloadCertificates", report.certificates], ["reloadRestart", report.needs_restart]]
      .filter(([, names]) => names?.length).map(([key, names]) => `${t(key)} ${names.join(", ")}`);
    note(lines.length ? lines : [t("reloadNothing")]);
  } catch (err) {
    note([err.message], true);
  }
  changed();
});

$("drain-open").addEventListener("click", () => {
  $("drain-title").textContent = t("drainTitle", number(clients));
  $("drain-hint").textContent = t("drainHint");
  $("drain-error").textContent = "";
  $("drain-form").reset();
  $("drain-ask").showModal();
});
$("drain-cancel").addEventListener("click", () => $("drain-ask").close());
$("drain-ask").addEventListener("click", event => { if (event.target === $("drain-ask")) $("drain-ask").close(); });

$("drain-form").addEventListener("submit", async event => {
  event.preventDefault();
  const ask = { refuse: $("drain-refuse").checked, stop: $("drain-stop").checked };
  if ($("drain-seconds").value !== "") ask.seconds = Number($("drain-seconds").value);
  try {
    await post("api/drain", ask);
    $("drain-ask").close();
    note([]);
  } catch (err) {
    $("drain-error").textContent = err.message;
  }
  changed();
});
