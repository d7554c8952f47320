// One open alert: made once, then filled anew with every picture, so that a finger on a button is never disturbed.
import { ask } from "./ask.js";
import { now, timeOfDay } from "./clock.js";
import { holdOrTwoTaps } from "./hold.js";
import { me, placeOfThisScreen } from "./me.js";
import { item, tile } from "./parts.js";
import { drain, recorded } from "./walk.js";
import { ago, running, say, words } from "./words.js";

const TEST_MS = 30000;
const template = document.getElementById("card-template");

export class Card {
  constructor(who) {
    this.element = template.content.firstElementChild.cloneNode(true);
    this.slots = Object.fromEntries([...this.element.querySelectorAll("[data-slot]")].map((slot) => [slot.dataset.slot, slot]));
    this.panels = Object.fromEntries([...this.element.querySelectorAll("[data-panel]")].map((panel) => [panel.dataset.panel, panel]));
    this.main = Object.fromEntries([...this.panels.main.children].map((button) => [button.dataset.do ?? button.dataset.open, button]));
    this.who = who;
    this.panel = "main";
    this.closing = null;
    this.bind();
  }

  bind() {
    holdOrTwoTaps(this.main.claim, () => words.claim_again, () => this.send(this.main.claim, { do: "claim" }));
    const tested = this.panels.test.querySelector("[data-do=tested]");
    holdOrTwoTaps(tested, () => words.tap_again, () => this.send(tested, { do: "tested", device: this.data.test?.device }));
    this.element.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button || button === this.main.claim || button === tested || button.getAttribute("aria-busy") === "true") return;
      if (button.dataset.open) {
        this.open(button.dataset.open);
        return;
      }
      if (button.type !== "submit") this.tap(button, button.dataset);
    });
    this.panels.other.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = this.panels.other.querySelector("[type=submit]");
      this.tap(button, { do: "close", ending: "other", reason: this.slots.word.value.trim() });
    });
  }

  tap(button, given) {
    if (given.do === "attend") this.attend(button, given.reason);
    else if (given.do === "promise") this.send(button, { do: "promise", until_s: Number(given.until), reason: this.slots.longer.value.trim() || undefined });
    else if (given.do === "not_ours") this.send(button, { do: "not_ours", device: this.data.unknown_device });
    else if (given.do === "walk") this.send(button, { do: "walk", reason: "stop", device: this.data.test?.device });
    else if (given.do === "close") this.close(button, given);
  }

  attend(button, reason) {
    const proof = this.proof();
    if (proof) this.send(button, { do: "attend", proof });
    else if (reason) this.send(button, { do: "attend", reason });
    else this.open("attend");
  }

  // This screen hangs where the alert is: a tap on it shows that somebody is there.
  proof() {
    const here = placeOfThisScreen();
    return here && this.data.places.includes(here) ? `screen:${here}` : undefined;
  }

  close(button, given) {
    if (given.missed) this.closing = { do: "close", ending: "helped", resident: given.missed };
    else if ("resident" in given) this.closing = { ...this.closing, resident: given.resident || undefined };
    else if (given.why) this.closing = { ...this.closing, reason: given.why };
    else this.closing = { do: "close", ending: given.ending, reason: given.reason || undefined };
    if (this.data.ask_who && !("resident" in this.closing)) this.open("who");
    else if (!this.data.ask_why || this.closing.reason) this.send(button, this.closing);
    else if (this.proof()) this.send(button, { ...this.closing, proof: this.proof() });
    else this.open("why");
  }

  async send(button, wish) {
    const by = await this.who();
    if (!by) return;
    this.fail("");
    button.setAttribute("aria-busy", "true");
    const answer = await ask({ ...wish, alert: wish.device ? undefined : this.data.id, by });
    button.removeAttribute("aria-busy");
    if (answer.ok && wish.do === "tested") recorded(answer.reason);
    if (answer.ok) this.open("main");
    else if (answer.decided && wish.do === "close" && this.data.ask_why && !wish.reason) this.open("why");
    if (!answer.ok || wish.do === "not_ours") this.fail(answer.reason);
  }

  fail(reason) {
    this.slots.error.textContent = reason;
    this.slots.error.hidden = !reason;
  }

  open(panel) {
    this.panel = panel;
    this.arrange();
    const first = this.panels[this.shown()].querySelector("button, input");
    if (panel !== "main" && first) first.focus({ preventScroll: true });
  }

  isMine() {
    return Boolean(me?.id) && [this.data.attended_id, this.data.claimed_id, this.data.promised_id].includes(me.id);
  }

  // Somebody who is there needs only the end; so that is what the card then shows.
  shown() {
    const there = this.data.state === "attended" && me?.id === this.data.attended_id && !this.data.missed.length;
    if (this.data.test && (!me?.id || me.id === this.data.test.by_id)) return "test";
    return this.panel === "main" && there ? "close" : this.panel;
  }

  arrange() {
    const shown = this.shown();
    for (const [name, panel] of Object.entries(this.panels)) panel.hidden = name !== shown || !me;
    this.panels.close.querySelector("[data-back]").hidden = this.panel === "main";
    const { state } = this.data;
    const claimedByMe = state === "claimed" && this.data.claimed_id === me?.id;
    this.main.claim.hidden = state === "attended" || claimedByMe;
    const taken = state === "claimed";
    this.main.claim.classList.toggle("button-main", !taken);
    this.main.claim.classList.toggle("button-second", taken);
    this.main.claim.querySelector("small").hidden = taken;
    const label = this.main.claim.querySelector(".button-label");
    if (!this.main.claim.classList.contains("armed")) label.textContent = taken ? words.take_over : words.claim;
    this.main.attend.classList.toggle("button-main", claimedByMe);
    this.main.attend.textContent = claimedByMe && this.data.known ? say("attend_with", { name: this.data.title }) : words.attend;
    const isTest = Boolean(this.data.test);
    this.main.attend.hidden = isTest;
    this.main.promise.hidden = !this.data.may_promise;
    this.main.close.hidden = this.data.missed.length > 0 || isTest;
    this.main.not_ours.hidden = !this.data.unknown_device;
  }

  fill(data, board) {
    this.data = data;
    const { element, slots } = this;
    Object.assign(element.dataset, { alert: data.id, level: data.level, state: data.state, version: data.version });
    element.dataset.taken = data.quiet || data.state !== "told" ? "yes" : "no";
    element.dataset.mine = this.isMine() ? "yes" : "no";
    element.dataset.test = data.test ? "yes" : "no";
    slots.test.hidden = !data.test;
    slots.heard.textContent = data.test?.heard ?? "";
    slots.shape.setAttribute("href", `#shape-${data.level}`);
    for (const name of ["level_word", "title", "where", "reason"]) slots[name].textContent = data[name];
    slots.told.textContent = data.told_line;
    slots.also.replaceChildren(...data.also.map((text) => item("li", text)));
    const presses = data.presses_line ? [item("span", data.presses_line, "count")] : [];
    slots.marks.replaceChildren(...presses, ...data.marks.map((text) => item("span", text)));
    slots.missed.replaceChildren(...data.missed.map(missedRow));
    slots.longer.hidden = !data.longer;
    slots.promise.replaceChildren(...board.promise_min.map((minutes) => {
      const button = item("button", say("minutes", { count: minutes }), "button");
      Object.assign(button, { type: "button" });
      Object.assign(button.dataset, { do: "promise", until: minutes * 60 });
      return button;
    }));
    if (data.ask_who && slots.who.childElementCount !== board.residents.length) {
      slots.who.replaceChildren(...board.residents.map((row) => tile(row, { do: "close", resident: row.id })));
    }
    this.arrange();
    this.tick();
  }

  tick() {
    const { data, slots } = this;
    const time = now();
    slots.waiting.textContent = running(time - data.waiting_since_wall_ms);
    slots.near.textContent = nearLine(data, time);
    const [text, late] = takenLine(data, time, me?.id);
    slots.taken.textContent = text;
    slots.taken.dataset.late = late ? "yes" : "no";
    if (data.test) this.tickTest(data.test, Math.max(0, data.test.until_wall_ms - time));
  }

  tickTest(test, left) {
    const mine = !me?.id || me.id === test.by_id;
    drain(this.slots.test, left / TEST_MS);
    this.slots.test_left.textContent = say(mine ? "test_mine" : "test_other", { name: test.by, seconds: Math.ceil(left / 1000) });
  }
}

function nearLine(data, time) {
  if (!data.near) return "";
  if (data.near_wall_ms === null) return say("near_plain", { place: data.near });
  return say("near", { place: data.near, ago: ago(time - data.near_wall_ms) });
}

function takenLine(data, time, mine) {
  if (data.state === "attended") {
    const key = data.attended_id === mine ? "you_there" : "there";
    return [say(key, { name: data.attended_by, ago: ago(time - data.attended_wall_ms) }), false];
  }
  if (data.promised_by !== null) {
    const left = data.promised_until_wall_ms - time;
    const key = data.promised_id === mine ? "you_promised" : "promised";
    const until = say(key, { name: data.promised_by, time: timeOfDay(data.promised_until_wall_ms) });
    return [left > 0 ? `${until}, ${say("left", { time: running(left) })}` : until, left < 60000];
  }
  if (data.state === "claimed") {
    const key = data.claimed_id === mine ? "you_going" : "going";
    return [say(key, { name: data.claimed_by, ago: ago(time - data.claimed_wall_ms) }), time - data.claimed_wall_ms > 90000];
  }
  return ["", false];
}

function missedRow(row) {
  const element = item("li", "");
  element.append(item("b", row.title), item("span", [row.where, timeOfDay(row.at_wall_ms), row.presses > 1 ? `×${row.presses}` : ""].filter(Boolean).join(" · ")));
  if (row.answered_by) element.append(item("span", say("by", { name: row.answered_by }), "taken"));
  else {
    const button = item("button", say("answered", { who: row.title }), "button");
    button.type = "button";
    Object.assign(button.dataset, { do: "close", missed: row.key });
    element.append(button);
  }
  return element;
}
