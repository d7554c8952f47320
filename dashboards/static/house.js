// Lights, blinds, heating and doors by room. What is shown is what the devices said, not what was asked for.
import { ask } from "./ask.js";
import { holdOrTwoTaps } from "./hold.js";
import { whoOf } from "./who.js";
import { words } from "./words.js";

const EVERY_MS = 2500;
const ASKED = "asked for";
const page = (id) => document.getElementById(id);
const place = new URLSearchParams(location.search).get("room");
let house = { rooms: [], people: [] };
let drawn = "";

async function look() {
  let answer;
  try {
    const response = await fetch("/rooms");
    if (response.status === 401) location.replace("/code");
    answer = await response.json();
  } catch {
    answer = { ok: false, reason: words.lost };
  }
  fail(answer.ok ? "" : answer.reason);
  if (!answer.ok) return;
  house = answer;
  page("waiting").hidden = !house.waiting;
  page("waiting").textContent = house.waiting;
  if (place === null) showRooms();
  else showRoom(house.rooms.find((row) => row.place === place));
}

function fail(reason) {
  page("error").textContent = reason;
  page("error").hidden = !reason;
}

function made(name, text = "", className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

function showRooms() {
  const wanted = page("find").value.trim().toLowerCase();
  page("find").hidden = house.rooms.length < 9;
  const found = house.rooms.filter((row) => `${row.name} ${row.who}`.toLowerCase().includes(wanted));
  page("none").hidden = house.rooms.length > 0;
  if (same(found)) return;
  page("rooms").replaceChildren(...found.map((row) => {
    const tile = made("a", "", "button page-tile");
    tile.href = `/house?room=${encodeURIComponent(row.place)}`;
    tile.dataset.room = row.place;
    tile.append(made("b", row.name), made("span", row.who), made("small", row.note));
    return tile;
  }));
}

function showRoom(row) {
  page("rooms-back").hidden = false;
  page("none").hidden = Boolean(row);
  page("title").textContent = row?.name ?? place;
  page("lead").textContent = row?.who ?? "";
  page("lead").hidden = !row?.who;
  document.title = `${words.title} · ${row?.name ?? place}`;
  // Nothing is drawn anew under a finger that holds a button.
  if (same(row) || document.querySelector(".holding, .armed, [aria-busy=true]")) return;
  drawn = JSON.stringify(row);
  page("room").replaceChildren(...(row?.devices ?? []).map(card));
}

function same(what) {
  const now = JSON.stringify(what);
  if (now === drawn) return true;
  if (place === null) drawn = now;
  return false;
}

function card(device) {
  const element = made("article", "", "page-card");
  element.dataset.device = device.device;
  const head = made("header", "", "page-card-top");
  head.append(made("h2", device.title), made("p", device.state, "page-state"));
  element.append(head);
  if (device.wrong) element.append(made("p", device.wrong, "page-note"));
  const said = made("p", "", "error");
  said.setAttribute("role", "status");
  said.hidden = true;
  for (const number of new Set(device.buttons.map((button) => button.row))) {
    const row = made("div", "", "page-row");
    row.append(...device.buttons.filter((one) => one.row === number).map((one) => button(device, one, said)));
    element.append(row);
  }
  element.append(said);
  return element;
}

function button(device, wish, said) {
  const element = made("button", "", "button");
  element.type = "button";
  element.dataset.command = JSON.stringify(wish.command);
  if (wish.on) element.setAttribute("aria-pressed", "true");
  if (!wish.hold) {
    element.textContent = wish.label;
    element.addEventListener("click", () => tell(element, device, wish, said));
    return element;
  }
  element.classList.add("button-hold");
  const text = made("span", "", "button-text");
  text.append(made("span", wish.label, "button-label"), made("small", words.hold));
  element.append(page("hold").content.cloneNode(true), text);
  holdOrTwoTaps(element, () => words.tap_again, () => tell(element, device, wish, said));
  return element;
}

async function tell(element, device, wish, said) {
  const by = await whoOf(house.people);
  if (!by || element.getAttribute("aria-busy") === "true") return;
  element.setAttribute("aria-busy", "true");
  const answer = await ask({ do: "command", device: device.device, by, command: wish.command });
  element.removeAttribute("aria-busy");
  // A device that is gone may hear it or not: the hub's words say so.
  const plain = answer.ok && answer.reason === ASKED;
  said.hidden = plain;
  said.textContent = plain ? "" : answer.reason;
  if (answer.ok) look();
}

page("find").addEventListener("input", showRooms);
setInterval(() => {
  if (document.visibilityState === "visible") look();
}, EVERY_MS);
document.addEventListener("visibilitychange", look);
look();
