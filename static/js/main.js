/** The lab's page: builds the state, connects to the server, and gives every view its place. Wiring only. */

import { createActions } from "./controls/actions.js";
import { createChange } from "./controls/configs.js";
import { createDatasets } from "./controls/datasets.js";
import { createKeyboard } from "./controls/keyboard.js";
import { createSettings } from "./controls/settings.js";
import { createToolbar } from "./controls/toolbar.js";
import { createOverview } from "./graph/overview.js";
import { createCharts } from "./plots/charts.js";
import { createLayeredView } from "./plots/layered.js";
import { fetchPatiently } from "./retry.js";
import { createLab } from "./socket.js";
import { buildState } from "./state.js";
import { createStore } from "./store.js";
import { applyTheme, chooseTheme, createThemeToggle } from "./theme.js";

/** @param {string} id */
function place(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element called ${id}`);
  return element;
}

const address = new URLSearchParams(location.search);
const theme = chooseTheme(address);
applyTheme(theme);

const { signal } = new AbortController();
const store = createStore(buildState(theme));
createThemeToggle(place("theme-button"), store, { signal });

const lab = createLab(store, { signal, preset: address.get("preset") });
const actions = createActions(store, lab);
const change = createChange(store, lab);

createToolbar(place("toolbar"), store, actions, { signal });
createDatasets(place("datasets"), store, change, { signal });
createSettings(place("settings"), store, change, { signal });
createKeyboard(
  {
    dialog: /** @type {HTMLDialogElement} */ (place("help")),
    button: place("help-button"),
    checkbox: /** @type {HTMLInputElement} */ (place("shortcuts-on")),
  },
  actions,
  { signal },
);
createOverview(place("overview"), store, { signal });
createLayeredView(place("layered"), store, { signal });
createCharts(place("metrics"), store, { signal });

fetchPatiently("/api/catalog", { signal }).then((catalog) => store.set({ catalog }));
fetchPatiently("/api/formulas", { signal }).then((formulas) => store.set({ formulas }));
