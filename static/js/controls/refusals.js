/** What the lab refuses of a run's description, with the labels of the page in place of its keys. */

import { readPath } from "./configs.js";
import { capitalise, listChoices, listUnits, namePlace } from "./labels.js";

/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").RunConfig} RunConfig */

/**
 * What was refused, as the server says it.
 *
 * @typedef {Pick<import("../protocol.js").Failure, "message" | "refusal">} Said
 */

/** A refusal, in a student's words where the catalogue is known, and what the server says of it. */
export class Refused extends Error {
  /**
   * @param {Said} said
   * @param {Catalog | null} catalog
   * @param {RunConfig | null} config the run that was refused; null where that is not known
   */
  constructor(said, catalog = null, config = null) {
    super(wordRefusal(said, catalog, config));
    this.said = said;
  }
}

/**
 * A refusal as a student reads it: "Extragradient goes with 1 update …" for "techniques.0.name: extragradient goes …".
 * Words that are no refusal of a part of the run stay as they are, but for a capital.
 *
 * @param {Said} said
 * @param {Catalog | null} catalog
 * @param {RunConfig | null} config the run that was refused; null where that is not known
 */
export function wordRefusal({ message, refusal }, catalog, config) {
  // What is no part of a run is a command, by its name.
  if (!refusal) return message.replace(/^[a-z]+(?=: )/, (command) => capitalise(command));
  if (!catalog || refusal.path === "") return message;
  const { path, words } = refusal;
  const sentence = words.map((word) => (typeof word === "string" ? word : nameTerm(word, catalog, config))).join("");
  // Where the sentence is about a unit, its name says all that the path would.
  return typeof words[0] === "string" ? `${nameOwner(path, catalog, config)}: ${sentence}` : sentence;
}

/**
 * @param {import("../protocol.js").Term} term
 * @param {Catalog} catalog
 * @param {RunConfig | null} config
 */
function nameTerm({ key, place }, catalog, config) {
  if (place === "") return namePlace(key, catalog, config);
  return listChoices(place, catalog).find((unit) => unit.key === key)?.label ?? key;
}

/**
 * Whose the refused value is: a number of the run, or of the unit that stands at that place of a list.
 *
 * @param {string} path
 * @param {Catalog} catalog
 * @param {RunConfig | null} config
 */
function nameOwner(path, catalog, config) {
  const [section = "", place = "", key = ""] = path.split(".");
  if (section !== "regularizers" && section !== "techniques") return capitalise(namePlace(path, catalog, config));
  const name = readPath(config, `${section}.${place}.name`);
  const unit = listUnits(section, catalog).find((one) => one.key === name);
  if (!unit) return capitalise(section);
  if (key === "" || key === "name") return unit.label;
  const parameter = unit.parameters.find((facts) => facts.key === key)?.label ?? key;
  return `${unit.label}, ${parameter.toLowerCase()}`;
}
