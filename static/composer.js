// The composer: shows where a finding stands in the text, and warns before typed words would be
// lost by leaving the page.
"use strict";

const body = document.getElementById("body");
const saved = body.value;
let leaving = false;

document.getElementById("composer").addEventListener("submit", () => {
  leaving = true;
});

window.addEventListener("beforeunload", (event) => {
  if (!leaving && body.value !== saved) event.preventDefault();
});

// Offsets count code points from the first character that is not a blank.
document.getElementById("findings").addEventListener("click", (event) => {
  const { start, end } = event.target.dataset;
  if (start === undefined) return;
  const blank = body.value.length - body.value.trimStart().length;
  const points = Array.from(body.value.slice(blank));
  const from = blank + points.slice(0, Number(start)).join("").length;
  const to = blank + points.slice(0, Number(end)).join("").length;
  body.focus();
  body.setSelectionRange(from, to);
});
