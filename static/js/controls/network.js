/** The parts that describe a network: how deep and wide it is, its activation, and what the generator ends with. */

import { createChoiceField } from "./fields.js";
import { buildNumber, framePart } from "./workshop.js";

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
  const options = catalog.activations.map(({ key, label, help }) => ({ value: key, label, help }));
  const heading = { label: "Activation", help: "", restarts: restarts(path) };
  return [
    ...catalog.run.network.map((facts) => buildCount(`${section}.${facts.key}`, facts, workshop)),
    framePart(
      path,
      createChoiceField(heading, options, (value) => commit(path, value)),
    ),
    ...(section === "generator" ? [buildOutput(workshop)] : []),
  ];
}

/**
 * What the generator's last sums go through; a run says it only where it is not the default.
 *
 * @param {Workshop} workshop
 * @returns {Part}
 */
function buildOutput({ catalog, commit, restarts }) {
  const path = "generator.output";
  const { output } = catalog.run;
  const options = output.options.map((value) => ({ value, label: value === "linear" ? "Linear" : "Tanh" }));
  const heading = { ...output, restarts: restarts(path) };
  const field = createChoiceField(heading, options, (value) => commit(path, value));
  return { ...framePart(path, field), show: (config) => field.show(config.generator.output ?? output.default) };
}
