/** Starts the lab where the browser has what it needs, and says what is missing where it has not. */

import { takeToken } from "./link/token.js";
import { describeMissing } from "./missing.js";

const missing = describeMissing({
  canvas: document.createElement("canvas").getContext("2d") !== null,
  socket: "WebSocket" in globalThis,
});
const note = document.getElementById("missing");
if (missing && note) {
  note.textContent = missing;
  note.hidden = false;
  document.body.classList.add("cannot-start");
} else {
  takeToken();
  import("./main.js");
}
