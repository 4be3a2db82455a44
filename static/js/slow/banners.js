/** The two banners of slow motion: five captions for each player, the one that is happening now, and its numbers. */

import { make, setText } from "../plots/elements.js";
import { CAPTIONS, describeNumbers, findCaption, findPhase } from "./captions.js";

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
  const items = CAPTIONS[player].map(({ text }) => make("li", { className: "caption", textContent: text }));
  root.classList.add("banner", player);
  root.append(
    make("p", { className: "banner-head" }, [title, numbers]),
    make("ol", { className: "captions", attributes: { "aria-labelledby": title.id } }, items),
  );
  store.subscribe(
    ["slow", "status"],
    (state) => {
      const phase = findPhase(state);
      const own = phase?.player === player ? phase : null;
      const now = own ? findCaption(own) : -1;
      root.hidden = !state.slow;
      root.classList.toggle("acts", own !== null);
      const turn = own && own.updates > 1 ? `, update ${own.update} of ${own.updates}` : "";
      setText(title, TITLES[player] + turn);
      setText(numbers, own ? describeNumbers(own) : "");
      for (const [i, item] of items.entries()) {
        if (i === now) item.setAttribute("aria-current", "step");
        else item.removeAttribute("aria-current");
      }
    },
    { signal },
  );
}
