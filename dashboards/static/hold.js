// Press and hold for one second, or two taps: meant by a gloved hand, not set off by a pocket.
const HOLD_MS = 1000;
const ARMED_MS = 4000;
const SLIP_PX = 48;

export function holdOrTwoTaps(button, armedText, done) {
  const label = button.querySelector(".button-label");
  let holding = null;
  let armed = null;
  let held = false;
  let usual = "";
  let from = null;

  function disarm() {
    if (armed === null) return;
    clearTimeout(armed);
    armed = null;
    button.classList.remove("armed");
    label.textContent = usual;
  }

  function release() {
    clearTimeout(holding);
    holding = null;
    button.classList.remove("holding");
  }

  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || button.getAttribute("aria-busy") === "true") return;
    held = false;
    from = event;
    // A card that moves, because another alert came, must not slip from under the finger.
    button.setPointerCapture(event.pointerId);
    button.classList.add("holding");
    holding = setTimeout(() => {
      held = true;
      release();
      disarm();
      done();
    }, HOLD_MS);
  });
  button.addEventListener("pointermove", (event) => {
    if (holding !== null && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > SLIP_PX) release();
  });
  for (const name of ["pointerup", "pointercancel"]) button.addEventListener(name, release);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("click", () => {
    if (held || button.getAttribute("aria-busy") === "true") {
      held = false;
      return;
    }
    if (armed !== null) {
      disarm();
      done();
      return;
    }
    usual = label.textContent;
    label.textContent = armedText();
    button.classList.add("armed");
    armed = setTimeout(disarm, ARMED_MS);
  });
}
