/** Numbers that a unit needs: they are set with it, so that to choose it is one change, and can be undone as one. */

import { assignPath, readPath } from "./configs.js";
import { capitalise, namePlace } from "./labels.js";

/** @typedef {import("../state.js").Catalog} Catalog */
/** @typedef {import("../state.js").RunConfig} RunConfig */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("./configs.js").Change} Change */

/**
 * What asks for a change of units together with the numbers that these need, and then says what was set.
 *
 * @param {PageStore} store
 * @param {Change} change
 * @returns {Change}
 */
export function askWithNeeds(store, change) {
  return async function changeUnits(edit) {
    let news = "";
    await change((config) => {
      const { catalog } = store.get();
      const met = catalog ? meetNeeds(edit(config), catalog) : { config: edit(config), news };
      ({ news } = met);
      return met.config;
    });
    if (news) store.set({ news });
  };
}

/**
 * A run with the numbers that its loss and its techniques need, in place of a 0 or of none, and words on what was set,
 * or "" where nothing had to be.
 *
 * @param {RunConfig} config
 * @param {Catalog} catalog
 * @returns {{config: RunConfig, news: string}}
 */
export function meetNeeds(config, catalog) {
  let met = config;
  const news = [];
  for (const unit of listUnits(config, catalog)) {
    for (const [path, number] of Object.entries(unit.needs ?? {})) {
      if (Number(readPath(met, path))) continue;
      met = assignPath(met, path, number);
      news.push(`${capitalise(namePlace(path, catalog, met))}: now ${number}, needed by ${unit.label}.`);
    }
  }
  return { config: met, news: news.join(" ") };
}

/**
 * @param {RunConfig} config
 * @param {Pick<Catalog, "losses" | "techniques">} catalog
 */
function listUnits({ loss, techniques }, catalog) {
  const names = new Set(techniques.map(({ name }) => name));
  const losses = catalog.losses.filter(({ key }) => key === loss.name);
  return [...losses, ...catalog.techniques.filter(({ key }) => names.has(key))];
}
