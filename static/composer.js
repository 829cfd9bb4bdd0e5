// The composer: warns before typed words would be lost by leaving the page.
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
