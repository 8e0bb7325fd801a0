// Talking to the process. The token stays in this tab.

let token = sessionStorage.getItem("token") || "";

// A link from the log carries the token behind #, which no server gets to see.
const given = /^#token=(.+)$/.exec(location.hash);
if (given) {
  token = decodeURIComponent(given[1]);
  sessionStorage.setItem("token", token);
  history.replaceState(null, "", location.pathname);
}

export const hasToken = () => token !== "";

export function setToken(to) {
  token = to;
  if (to) sessionStorage.setItem("token", to);
  else sessionStorage.removeItem("token");
}

export class Refusal extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(path, { ...options, headers, credentials: "omit", signal: AbortSignal.timeout(20000) });
  const body = await response.json();
  if (!response.ok) throw new Refusal(response.status, body.error ?? response.statusText);
  return body;
}

// get asks for a path with parameters; empty ones are left out.
export function get(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== "" && value !== undefined));
  return ask(`${path}?${query}`);
}

export const post = (path, body) => ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
