// Keys for pages that people work on all day, told by what the page says of itself:
// data-walk="j k" on a list: the first key goes to its next data-stop, the second to the one before;
// data-key="c": the key does what a click would, in the row of the stop that has the focus, else on
// the page. "g q" is two keys, one after the other. Nothing happens while somebody types.
"use strict";

const SWITCH = "keys-off";
const LONGEST_PAUSE = 1000; // ms between two keys that belong together
const dialog = document.getElementById("keys");
const opener = document.getElementById("keys-open");
const off = document.getElementById("keys-off");
let first = { key: "", at: 0 };

const typing = (target) =>
  target.closest("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");

function walk(key) {
  for (const list of document.querySelectorAll("[data-walk]")) {
    const way = list.dataset.walk.split(" ").indexOf(key);
    if (way < 0) continue;
    const stops = Array.from(list.querySelectorAll("[data-stop]"));
    const here = stops.findIndex((stop) =>
      stop.closest(".row, article").contains(document.activeElement));
    const next = here < 0 ? stops[0] : stops[here + (way === 0 ? 1 : -1)];
    if (next) {
      next.focus();
      next.scrollIntoView({ block: "nearest" });
    }
    return true;
  }
  return false;
}

function press(key) {
  const row = document.activeElement.closest(".row");
  const named = `[data-key="${CSS.escape(key)}"]`;
  const found = (row && row.querySelector(named)) ||
    Array.from(document.querySelectorAll(named)).find((one) => !one.closest(".row"));
  if (!found) return false;
  if (found.matches("summary")) {
    found.parentElement.open = true;
    found.parentElement.querySelector("select, input:not([type=hidden])").focus();
  } else {
    found.click();
  }
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (off.checked || dialog.open || typing(event.target)) return;
  const both = event.timeStamp - first.at < LONGEST_PAUSE ? `${first.key} ${event.key}` : "";
  first = { key: event.key, at: event.timeStamp };
  if ((both && press(both)) || walk(event.key) || press(event.key)) event.preventDefault();
});

opener.hidden = false;
opener.addEventListener("click", () => dialog.showModal());
off.checked = localStorage.getItem(SWITCH) === "1";
off.addEventListener("change", () => localStorage.setItem(SWITCH, off.checked ? "1" : ""));

// Back in the list after something was done to a row: go on from there. The browser goes to the
// place in the address first, and takes the focus away.
window.addEventListener("load", () => {
  const row = location.hash && document.getElementById(location.hash.slice(1));
  const stop = row && row.querySelector("[data-stop]");
  if (stop) requestAnimationFrame(() => stop.focus());
});
