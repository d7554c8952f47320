// Nothing on the screen of a room scrolls: words become smaller until they fit. The picture goes before they are small,
// and where that is not enough long words are broken and buttons stand closer.
const TRIES = [
  ...[1, 0.88, 0.76].map((scale) => [scale, ""]),
  ...[0.88, 0.76, 0.66, 0.56].map((scale) => [scale, "yes"]),
  ...[0.66, 0.56, 0.48].map((scale) => [scale, "most"]),
];
const LONG = 14;

function isBroad(part) {
  return part.scrollWidth > part.clientWidth + 1;
}

function isCut(part) {
  return part.scrollHeight > part.clientHeight + 1 || isBroad(part);
}

export function fit(body, shown) {
  const words = [...shown.querySelectorAll("h1, p, .button")];
  for (const [scale, tight] of TRIES) {
    body.style.setProperty("--fit", scale);
    body.dataset.tight = tight;
    if (!isCut(shown) && !words.some(isBroad)) return;
  }
}

// How broad a button for these words has to be: a long word is not broken where there is room for it.
export function broad(answers, usual) {
  const longest = Math.max(...answers.flatMap((answer) => answer.split(/[\s-]+/)).map((word) => word.length));
  return longest > LONG ? "420px" : usual;
}
