// Residents: where each stands with the plan, and what a carer can say about it. The hub answers in its own words.
import { ask } from "./ask.js";
import { item, tile } from "./parts.js";
import { holdOrTwoTaps } from "./hold.js";
import { say, words } from "./words.js";

const MOST = 12;
const HOURS_S = 3600;
const page = (id) => document.getElementById(id);
let whoActs = null;
let board = null;
let resident = "";
let step = "";
let why = "";
let sensor = "";

export function isOpen() {
  return step !== "";
}

export function begin(who) {
  whoActs = who;
  page("stay-open").addEventListener("click", () => {
    page("stay-find").value = "";
    go("pick");
    page("stay").scrollIntoView({ block: "start" });
  });
  page("stay-find").addEventListener("input", showTiles);
  page("stay-done").addEventListener("click", () => go(step === "deed" ? "pick" : step === "pick" ? "" : "deed"));
  page("stay").addEventListener("click", (event) => {
    const button = event.target.closest("[data-stay]");
    if (button && button.getAttribute("aria-busy") !== "true") tap(button, button.dataset);
  });
  page("stay-change").addEventListener("submit", (event) => {
    event.preventDefault();
    const reason = page("stay-word").value.trim();
    if (reason) send(page("stay-change").querySelector("[type=submit]"), { do: "change_of_condition", reason });
  });
  page("stay-why").addEventListener("submit", (event) => {
    event.preventDefault();
    const reason = page("stay-why-word").value.trim();
    if (reason) send(page("stay-why").querySelector("[type=submit]"), { do: "reconnected", device: sensor, reason });
  });
  for (const button of page("stay").querySelectorAll("[data-gone]")) {
    holdOrTwoTaps(button, () => words.tap_again, () => send(button, { do: "gone", reason: button.dataset.gone, confirmed: true }));
  }
}

function tap(button, given) {
  if (given.stay === "away") go("away");
  else if (given.stay === "why") {
    why = given.reason;
    go("until");
  } else if (given.stay === "until") send(button, { do: "away", reason: why, until_s: Number(given.hours) * HOURS_S });
  else if (given.stay === "change") go("change");
  else if (given.stay === "reconnected") {
    sensor = given.device;
    page("stay-why-head").textContent = say("reconnected_who", { name: row().name, device: sensor });
    go("reconnected");
  }
  else if (given.stay === "gone") go("gone");
  else if (given.stay === "visit") send(button, { do: "visit", room: row()?.room });
  else send(button, { do: given.stay });
}

async function send(button, wish) {
  const by = await whoActs();
  if (!by) return;
  button.setAttribute("aria-busy", "true");
  const answer = await ask({ ...wish, resident, by });
  button.removeAttribute("aria-busy");
  fail(answer.ok ? "" : answer.reason);
  if (!answer.ok) return;
  page("stay-said").textContent = answer.reason;
  go(wish.do === "gone" ? "pick" : "deed", answer.reason);
}

function row() {
  return board?.residents.find((one) => one.id === resident);
}

function stands(id) {
  return (board?.stands ?? []).filter((one) => one.resident === id);
}

// What holds now is a calm line under the alerts; the part itself is drawn anew while it is open.
export function show(picture) {
  board = picture;
  page("stands").replaceChildren(...board.stands.filter((one) => one.shown).map((one) => {
    const line = item("li", `${one.name}: ${one.words}`);
    line.dataset.stands = one.what;
    return line;
  }));
  page("stands").hidden = page("stands").children.length === 0;
  if (step === "pick") showTiles();
  if (step === "deed") showDeeds();
}

function showTiles() {
  const wanted = page("stay-find").value.trim().toLowerCase();
  const found = (board?.residents ?? []).filter((one) => `${one.name} ${one.note}`.toLowerCase().includes(wanted));
  page("stay-tiles").replaceChildren(...found.slice(0, MOST).map((one) => {
    const note = [one.note, ...stands(one.id).map((stand) => stand.words)].join(" · ");
    const button = tile({ name: one.name, note }, { resident: one.id });
    button.addEventListener("click", () => {
      resident = one.id;
      go("deed");
    });
    return button;
  }));
}

function showDeeds() {
  const who = row();
  if (!who) {
    go("pick");
    return;
  }
  const now = stands(resident);
  const is = (what) => now.some((one) => one.what === what);
  page("stay-name").textContent = who.name;
  page("stay-now").textContent = [who.note, ...now.filter((one) => !one.device).map((one) => one.words)].join(" · ");
  page("stay-visit").textContent = is("visit") ? words.visit_end : words.visit;
  page("stay-reconnected").replaceChildren(...now.filter((one) => one.device).map((one) => {
    const button = item("button", say("reconnected", { device: one.device }));
    button.type = "button";
    button.className = "button";
    button.dataset.stay = "reconnected";
    button.dataset.device = one.device;
    return button;
  }));
  page("stay-back").hidden = !is("away");
  page("stay-looked").hidden = !is("look");
}

function go(to, said = "") {
  step = to;
  page("stay").hidden = !to;
  page("stay").dataset.step = to;
  for (const part of page("stay").querySelectorAll("[data-part]")) part.hidden = part.dataset.part !== to;
  page("stay-said").textContent = said;
  page("stay-word").value = "";
  page("stay-why-word").value = "";
  fail("");
  page("stay-head").textContent = to === "pick" || !row() ? words.residents : `${words.residents} · ${row().name}`;
  page("stay-done").textContent = to === "pick" ? words.walk_done : words.back;
  if (to === "pick") {
    resident = "";
    page("stay-name").textContent = "";
    page("stay-now").textContent = "";
    showTiles();
  }
  if (to === "deed") showDeeds();
}

function fail(reason) {
  page("stay-error").textContent = reason;
  page("stay-error").hidden = !reason;
}
