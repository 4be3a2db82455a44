/** The menu of presets: complete runs to begin with, each with what to watch for. */

import { make } from "../plots/elements.js";
import { findPreset } from "./configs.js";
import { createMenu } from "./menu.js";

/** @typedef {import("./settings.js").Part} Part */
/** @typedef {import("./settings.js").Workshop} Workshop */
/** @typedef {import("../state.js").PresetFacts} PresetFacts */

/**
 * @param {Workshop} workshop
 * @returns {Part}
 */
export function createPresets(workshop) {
  const { catalog, commit } = workshop;
  const heading = {
    label: "Preset",
    help: "Your own settings. Choose a preset to begin from a known run.",
    restarts: true,
  };
  const field = createMenu(
    heading,
    catalog.presets.map(describePreset),
    (key) => {
      commit("", catalog.presets.find((preset) => preset.key === key)?.config);
    },
    workshop,
  );
  field.select.prepend(make("option", { value: "", disabled: true, hidden: true }, ["Your own"]));
  return {
    element: field.element,
    show: (config) => field.show(findPreset(config, catalog) ?? ""),
    field: () => undefined,
  };
}

/** @param {PresetFacts} preset */
function describePreset({ key, label, help, watch_for, group, basic }) {
  return {
    value: key,
    label,
    help: `${help} Watch for this: ${watch_for.charAt(0).toLowerCase()}${watch_for.slice(1)}`,
    group,
    about: `/reference#presets-${key}`,
    first: basic,
  };
}
