/** The two banners of slow motion: the captions of each player, the one that is happening now, and its numbers. */

import { explainNoPart } from "../layers/game.js";
import { make, setText } from "../plots/elements.js";
import { describeNumbers, findCaption, findPhase, listCaptions } from "./captions.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("./captions.js").Learner} Learner */

const TITLES = { discriminator: "The discriminator learns", generator: "The generator learns" };

/**
 * Fill the place of a player's banner, which is there in slow motion only.
 *
 * @param {HTMLElement} root
 * @param {Learner} player
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function createBanner(root, player, store, { signal }) {
  const title = make("span", { className: "banner-title", id: `banner-title-${player}` });
  // Beside the title, where numbers that come and go move nothing.
  const numbers = make("span", { className: "banner-numbers" });
  const list = make("ol", { className: "captions", attributes: { "aria-labelledby": title.id } });
  /** @type {HTMLElement[]} */
  let items = [];
  store.subscribe(
    ["catalog", "config"],
    (state) => {
      const texts = listCaptions(player, state).map(({ text }) => text);
      if (texts.length === items.length && texts.every((text, i) => text === items[i].textContent)) return;
      items = texts.map((text) => make("li", { className: "caption", textContent: text }));
      list.replaceChildren(...items);
    },
    { signal },
  );
  root.classList.add("banner", player);
  root.append(
    make("p", { className: "banner-head" }, [title, numbers]),
    list,
  );
  store.subscribe(
    ["slow", "status", "catalog", "config"],
    (state) => {
      const phase = findPhase(state);
      const own = phase?.player === player ? phase : null;
      const now = own ? findCaption(own, listCaptions(player, state)) : -1;
      root.hidden = !state.slow;
      root.classList.toggle("acts", own !== null);
      const turn = own && own.updates > 1 ? `, update ${own.update} of ${own.updates}` : "";
      setText(title, (player === "discriminator" && explainNoPart(state)) || TITLES[player] + turn);
      setText(numbers, own ? describeNumbers(own) : "");
      for (const [i, item] of items.entries()) {
        if (i === now) item.setAttribute("aria-current", "step");
        else item.removeAttribute("aria-current");
      }
    },
    { signal },
  );
}
