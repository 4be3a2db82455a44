/** The lab's page: builds the state, connects to the server, and gives every view its place. Wiring only. */

import { createViewMenu } from "./appearance/menu.js";
import { createActions } from "./controls/actions.js";
import { createChange } from "./controls/configs.js";
import { createDatasets } from "./controls/datasets.js";
import { createFinder } from "./controls/finder.js";
import { createGiven } from "./controls/given.js";
import { createKeyboard } from "./controls/keyboard.js";
import { createPace } from "./controls/pace.js";
import { createPretrained } from "./controls/pretrained.js";
import { createSettings } from "./controls/settings.js";
import { createToolbar } from "./controls/toolbar.js";
import { createDrop } from "./files/drop.js";
import { createFiles } from "./files/menu.js";
import { createReplace } from "./files/replace.js";
import { createOpener } from "./files/transfer.js";
import { createKnobs } from "./graph/knobs.js";
import { createOverview } from "./graph/overview.js";
import { createInspector } from "./inspector/inspector.js";
import { followDimension } from "./layers/dimension.js";
import { createMonitor } from "./monitor/monitor.js";
import { createCharts } from "./plots/charts.js";
import { createLayeredView } from "./plots/layered.js";
import { arrive } from "./link/arrive.js";
import { followLink } from "./link/follow.js";
import { keepAddress } from "./link/keep.js";
import { guardChange } from "./link/locks.js";
import { createNote } from "./link/note.js";
import { arrangePage, lockPage } from "./link/page.js";
import { createShare } from "./link/share.js";
import { fetchPatiently } from "./retry.js";
import { watchSight } from "./sight.js";
import { createLab } from "./socket.js";
import { buildState } from "./state.js";
import { createStore } from "./store.js";
import { createBanner } from "./slow/banners.js";
import { createOffer } from "./tour/offer.js";
import { createBranches } from "./time/branches.js";
import { createEscape } from "./time/escape.js";
import { createTimeline } from "./time/timeline.js";
import { createTour } from "./tour/tour.js";

/** @param {string} id */
function place(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element called ${id}`);
  return element;
}

const address = new URLSearchParams(location.search);
const { signal } = new AbortController();
const catalog = fetchPatiently("/api/catalog", { signal });
const preset = address.get("preset");
const { sessionKey, options, look, link, beginsAnew, keep } = arrive(location.hash, preset, catalog);
arrangePage(document.documentElement, options);
const appearance = createViewMenu(place("view-menu"), address, {
  signal,
  onChange: (chosen) => store.set({ appearance: chosen }),
});
const store = createStore(buildState(appearance));
store.set({ view: look.view, layersOn: look.layers ? new Set(look.layers) : store.get().layersOn });
followDimension(store, { signal, areChosen: look.layers !== null });

const begin = link?.then(({ config }) => config) ?? null;
const lab = createLab(store, { signal, sessionKey, preset, begin, beginsAnew });
const actions = createActions(store, lab);
const change = guardChange(createChange(store, lab), options.lock);

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
createEscape(place("toolbar"), store, actions, { signal });
createTimeline(place("time"), store, actions, { signal });
createBranches(place("time"), store, actions, { signal });
createMonitor(place("monitor"), store, actions, change, { signal, locks: options.lock });
const finder = createFinder(/** @type {HTMLDialogElement} */ (place("finder")), { signal });
createDatasets(place("datasets"), place("more-data"), store, change, given, { signal, finder });
createSettings(place("settings"), store, change, given, { signal, finder, train: actions.step });
createPretrained(place("pretrained"), store, actions, { signal, locks: options.lock });
const mayReplace = createReplace(/** @type {HTMLDialogElement} */ (place("replace")), store, { signal });
const open = createOpener(store, options.lock, mayReplace);
createFiles(place("file-menu"), store, open, { signal, locks: options.lock });
createDrop(place("drop-hint"), open, { signal });
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
createKnobs(place("overview"), place("knobs-button"), store, change, { signal, finder });
createLayeredView(place("layered"), store, { signal });
watchSight({ overview: place("overview"), layered: place("layered") }, store, { signal });
createCharts(place("metrics"), store, { signal });
createInspector(place("inspector"), [place("inspector-button"), place("sample-button")], store, { signal });

const tour = createTour(place("tour"), store, { signal });
createOffer(place("offer"), place("tour-button"), tour, { signal, wanted: address.get("tour") });

createShare(
  { dialog: /** @type {HTMLDialogElement} */ (place("share")), button: place("share-button") },
  store,
  options,
  { signal },
);
lockPage(document, store, options.lock, { signal });
const note = createNote(place("link-note"), store, { signal });
/** A run that the page came back to is where it was left, and no link leads it anywhere. */
async function follow() {
  const asked = await link;
  if (asked && beginsAnew) note.show(asked.problems);
  if (asked && !(await lab.resumed)) await followLink(asked, store, lab, { signal });
}
// Until the run is where its link leads, the address is the link's.
follow().then(() => keepAddress(store, options, keep, { signal }));
// Another link in the same tab is another run.
addEventListener("hashchange", () => location.reload(), { signal });

catalog.then((known) => store.set({ catalog: known }));
fetchPatiently("/api/formulas", { signal }).then((formulas) => store.set({ formulas }));
