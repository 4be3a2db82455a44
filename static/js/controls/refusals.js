/** What the lab refuses of a run's description, with the labels of the page in place of its keys. */

import { readPath } from "./configs.js";
import { capitalise, listChoices, listUnits, namePlace } from "./labels.js";

/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").RunConfig} RunConfig */

/** Whose units may stand in a refusal. @type {readonly import("../state.js").UnitKind[]} */
const KINDS = ["losses", "regularizers", "techniques", "datasets", "latents", "optimizers", "activations"];
/** `generator.width: expected …`; the key of a list has the place in it: `techniques.0.name: …`. */
const REFUSAL = /^([a-z_]+(?:\.\w+)*): (.*)$/s;
/**
 * Where a unit's key stands in the server's words, which are one pattern: `a goes with loss b or c, not with d: why`,
 * `a does not go with b: why`, `expected at most 9 with a, which …`.
 */
const PLACES = /^\w+(?= (?:goes|does not go) with )|(?<=\bgo(?:es)? with (?:\w+ )?)\w+(?: or \w+)*(?=, not with |$)|(?<=, not with )\w+$|(?<=^expected at most \d+ with )\w+/g;
/** A number of the run that a unit needs: `goes with a data.labels of 1 or more`. */
const NEEDED = /(?<= with a )\w+\.\w+(?= of )/;
/** What may stand at a place, by keys: `expected one of a, b, c, got 'd'`. */
const CHOICES = /(?<=^expected one of ).+(?=, got )/s;

/**
 * A refusal as a student reads it: "Extragradient goes with 1 update …" for "techniques.0.name: extragradient goes …".
 * Words that are no refusal of a part of the run stay as they are.
 *
 * @param {string} message
 * @param {Catalog | null} catalog
 * @param {RunConfig | null} config the run that was refused; null where that is not known
 */
export function wordRefusal(message, catalog, config) {
  const [, path = "", words = ""] = REFUSAL.exec(message) ?? [];
  if (!catalog || path === "") return message;
  const [claim = "", ...reasons] = words.split(": ");
  const named = claim
    .replace(PLACES, (keys) => keys.split(" or ").map((key) => nameUnit(key, catalog)).join(" or "))
    .replace(NEEDED, (needed) => namePlace(needed, catalog, config))
    .replace(CHOICES, (keys) => nameChoices(path, keys, catalog));
  const sentence = [named, ...reasons].join(": ");
  // Where the sentence is about a unit, its name says all that the path would.
  return / (goes|does not go) with /.test(claim) ? sentence : `${nameOwner(path, catalog, config)}: ${sentence}`;
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

/**
 * @param {string} path
 * @param {string} keys of what may stand there
 * @param {Catalog} catalog
 */
function nameChoices(path, keys, catalog) {
  const units = listChoices(path, catalog);
  return keys
    .split(", ")
    .map((key) => units.find((unit) => unit.key === key)?.label ?? key)
    .join(", ");
}

/**
 * @param {string} key
 * @param {Catalog} catalog
 */
function nameUnit(key, catalog) {
  for (const kind of KINDS) {
    const unit = catalog[kind].find((one) => one.key === key);
    if (unit) return unit.label;
  }
  return key;
}
