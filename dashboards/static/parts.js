// Small pieces that several parts of the board are made of.

export function item(name, text, className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

export function tile(row, data) {
  const button = item("button", "", "button tile");
  button.type = "button";
  button.append(item("b", row.name), item("small", row.note));
  Object.assign(button.dataset, data);
  return button;
}

export function shape(level, word) {
  const svg = "http://www.w3.org/2000/svg";
  const mark = document.createElementNS(svg, "svg");
  const use = document.createElementNS(svg, "use");
  mark.setAttribute("class", "shape");
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", word);
  use.setAttribute("href", `#shape-${level}`);
  mark.append(use);
  return mark;
}
