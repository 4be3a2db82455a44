/** The parts that describe a network: its size and activation, what the generator ends with, and how it begins. */

import { make } from "../plots/elements.js";
import { readPath } from "./configs.js";
import { createChoiceField, createNumberField } from "./fields.js";
import { createMenu, listOptions } from "./menu.js";
import { buildNumber, framePart } from "./workshop.js";

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./fields.js").Option} Option */
/** @typedef {import("./settings.js").Part} Part */
/** @typedef {import("./settings.js").Workshop} Workshop */

/**
 * @param {"generator" | "discriminator"} section
 * @param {Workshop} workshop
 * @param {typeof buildNumber} [buildCount] how a whole number's part is made
 * @returns {Part[]}
 */
export function buildNetwork(section, workshop, buildCount = buildNumber) {
  const { catalog, commit, restarts } = workshop;
  const path = `${section}.activation`;
  const options = listOptions(catalog.activations, "activations");
  const heading = { label: "Activation", help: "", restarts: restarts(path) };
  return [
    ...catalog.run.network.map((facts) => buildCount(`${section}.${facts.key}`, facts, workshop)),
    framePart(
      path,
      createMenu(heading, options, (value) => commit(path, value), workshop),
    ),
    ...(section === "generator" ? [buildOutput(workshop)] : []),
    buildStart(section, workshop),
  ];
}

/**
 * What the generator's last sums go through.
 *
 * @param {Workshop} workshop
 * @returns {Part}
 */
function buildOutput(workshop) {
  const { output } = workshop.catalog.run;
  const options = output.options.map((value) => ({ value, label: value === "linear" ? "Linear" : "Tanh" }));
  return buildChoice("generator.output", output, options, workshop);
}

/**
 * What a network's weights are drawn from, folded away: it is rarely turned.
 *
 * @param {"generator" | "discriminator"} section
 * @param {Workshop} workshop
 * @returns {Part}
 */
function buildStart(section, workshop) {
  const { init, init_gain } = workshop.catalog.run;
  const options = workshop.catalog.inits.map(({ key, label, help }) => ({ value: key, label, help }));
  const path = `${section}.init_gain`;
  const gain = createNumberField(init_gain, workshop.restarts(path), (value) => workshop.commit(path, value));
  const parts = [
    buildChoice(`${section}.init`, init, options, workshop),
    frameUnsaid(path, gain, init_gain.default),
  ];
  const fields = make("div", { className: "unit-more" }, parts.map(({ element }) => element));
  const folded = make("details", {}, [make("summary", {}, ["How it begins"]), fields]);
  return {
    element: make("div", { className: "unit" }, [folded]),
    show: (config) => parts.forEach((part) => part.show(config)),
    field: (wanted) => parts.map((part) => part.field(wanted)).find((field) => field !== undefined),
  };
}

/**
 * @param {string} path
 * @param {import("../state.js").ChoiceFacts} facts
 * @param {Option[]} options
 * @param {Workshop} workshop
 * @returns {Part}
 */
function buildChoice(path, facts, options, { commit, restarts }) {
  const field = createChoiceField({ ...facts, restarts: restarts(path) }, options, (value) => commit(path, value));
  return frameUnsaid(path, field, facts.default);
}

/**
 * A part whose value a run says only where it is not the default.
 *
 * @param {string} path
 * @param {Field} field
 * @param {unknown} byDefault
 * @returns {Part}
 */
function frameUnsaid(path, field, byDefault) {
  return { ...framePart(path, field), show: (config) => field.show(readPath(config, path) ?? byDefault) };
}
