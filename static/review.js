// Who looks away has the page open, but does not read it: the poll that says so waits meanwhile.
"use strict";

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "still-here" && document.hidden) event.preventDefault();
});
