/**
 * How the page can look: theme, contrast, size and palette, and which of them a visit begins with.
 *
 * Each choice is an attribute of the page's root (`data-theme`, ...) that tokens.css gives its colours and sizes to.
 */

/** Every choice and its values; the first one is the one without a wish. */
export const CHOICES = /** @type {const} */ ({
  theme: ["light", "dark"],
  contrast: ["normal", "high"],
  mode: ["desk", "projector"],
  palette: ["default", "blue-orange", "teal-pink"],
});

/** @typedef {keyof typeof CHOICES} ChoiceName */
/** @typedef {{[Name in ChoiceName]: (typeof CHOICES)[Name][number]}} Appearance */

export const CHOICE_NAMES = /** @type {ChoiceName[]} */ (Object.keys(CHOICES));

/**
 * The look to begin with: what the address asks for, else what the reader chose before, else what the system prefers.
 *
 * @param {URLSearchParams} address
 * @param {Partial<Record<ChoiceName, string | null>>} remembered
 * @param {Partial<Appearance>} system
 * @returns {Appearance}
 */
export function chooseAppearance(address, remembered, system) {
  const chosen = CHOICE_NAMES.map((name) => {
    const wishes = [address.get(name), remembered[name], system[name]];
    return [name, wishes.find((wish) => isValue(name, wish)) ?? CHOICES[name][0]];
  });
  return /** @type {Appearance} */ (Object.fromEntries(chosen));
}

/**
 * Whether a text is a value of a choice; an address and a store can hold anything.
 *
 * @param {ChoiceName} name
 * @param {string | null | undefined} text
 */
export function isValue(name, text) {
  return /** @type {readonly unknown[]} */ (CHOICES[name]).includes(text);
}
