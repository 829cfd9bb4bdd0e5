// Copies the text that somebody posts by hand. Without scripts they mark and copy it themselves.
"use strict";

const button = document.getElementById("copy");
const text = document.getElementById("text");
const copied = document.getElementById("copied");

if (navigator.clipboard) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.value);
      copied.textContent = "Copied.";
    } catch {
      text.select();
      copied.textContent = "Your browser did not allow it: the text is selected, copy it from there.";
    }
  });
}
