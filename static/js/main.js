/** The lab's page: builds the state, connects to the server, and gives every view its place. Wiring only. */

import { createViewMenu } from "./appearance/menu.js";
import { createActions } from "./controls/actions.js";
import { createChange } from "./controls/configs.js";
import { createDatasets } from "./controls/datasets.js";
import { createGiven } from "./controls/given.js";
import { createKeyboard } from "./controls/keyboard.js";
import { createModels } from "./controls/models.js";
import { createPace } from "./controls/pace.js";
import { createSettings } from "./controls/settings.js";
import { createToolbar } from "./controls/toolbar.js";
import { createKnobs } from "./graph/knobs.js";
import { createOverview } from "./graph/overview.js";
import { createCharts } from "./plots/charts.js";
import { createLayeredView } from "./plots/layered.js";
import { fetchPatiently } from "./retry.js";
import { createLab } from "./socket.js";
import { buildState } from "./state.js";
import { createStore } from "./store.js";
import { createBanner } from "./slow/banners.js";
import { createOffer } from "./tour/offer.js";
import { createTour } from "./tour/tour.js";

/** @param {string} id */
function place(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element called ${id}`);
  return element;
}

const address = new URLSearchParams(location.search);
const { signal } = new AbortController();
const appearance = createViewMenu(place("view-menu"), address, {
  signal,
  onChange: (chosen) => store.set({ appearance: chosen }),
});
const store = createStore(buildState(appearance));

const lab = createLab(store, { signal, preset: address.get("preset") });
const actions = createActions(store, lab);
const change = createChange(store, lab);

createToolbar(place("toolbar"), store, actions, { signal });
const given = createGiven(
  {
    drawing: /** @type {HTMLDialogElement} */ (place("drawing")),
    points: /** @type {HTMLDialogElement} */ (place("upload")),
    actions: place("data-actions"),
  },
  store,
  change,
  { signal },
);
createPace(place("toolbar"), store, actions, { signal });
createDatasets(place("datasets"), store, change, given, { signal });
createSettings(place("settings"), store, change, { signal });
createModels({ files: place("models"), pretrained: place("pretrained") }, store, actions, { signal });
const legacy = /** @type {HTMLInputElement} */ (place("legacy"));
legacy.checked = address.get("legacy") === "1";
store.set({ legacy: legacy.checked });
legacy.addEventListener("change", () => store.set({ legacy: legacy.checked }), { signal });
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
createBanner(place("slow-discriminator"), "discriminator", store, { signal });
createBanner(place("slow-generator"), "generator", store, { signal });
createKnobs(place("overview"), place("knobs-button"), store, change, { signal });
createLayeredView(place("layered"), store, { signal });
createCharts(place("metrics"), store, { signal });

const tour = createTour(place("tour"), store, { signal });
createOffer(place("offer"), place("tour-button"), tour, { signal, wanted: address.get("tour") });

fetchPatiently("/api/catalog", { signal }).then((catalog) => store.set({ catalog }));
fetchPatiently("/api/formulas", { signal }).then((formulas) => store.set({ formulas }));
