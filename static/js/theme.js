/**
 * Light and dark: what the system prefers, unless the reader or the address says otherwise.
 *
 * tokens.css states the dark colours once, under `@media (prefers-color-scheme: dark)`; choosing a theme rewrites that
 * rule's condition, so that every colour keeps one definition.
 */

/** @typedef {import("./state.js").Theme} Theme */
/** @typedef {import("./state.js").PageStore} PageStore */

const STORAGE_KEY = "ganlab.theme";
const DARK = matchMedia("(prefers-color-scheme: dark)");
const darkRule = findDarkRule();

/** @returns {CSSMediaRule | undefined} */
function findDarkRule() {
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (rule instanceof CSSMediaRule && rule.conditionText.includes("prefers-color-scheme: dark")) return rule;
    }
  }
  return undefined;
}

/**
 * The theme to begin with: of the address (`?theme=dark`), else the stored choice, else the system's.
 *
 * @param {URLSearchParams} address
 * @returns {Theme}
 */
export function chooseTheme(address) {
  return readTheme(address.get("theme")) ?? readTheme(localStorage.getItem(STORAGE_KEY)) ?? systemTheme();
}

/** @param {Theme} theme */
export function applyTheme(theme) {
  if (darkRule) darkRule.media.mediaText = theme === "dark" ? "all" : "not all";
  document.documentElement.dataset.theme = theme;
}

/**
 * Let a button switch the theme, and follow the system while the reader has not chosen.
 *
 * @param {HTMLElement} button
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function createThemeToggle(button, store, { signal }) {
  /** @param {Theme} theme */
  function change(theme) {
    applyTheme(theme);
    store.set({ theme });
  }
  button.addEventListener(
    "click",
    () => {
      const theme = store.get().theme === "dark" ? "light" : "dark";
      localStorage.setItem(STORAGE_KEY, theme);
      change(theme);
    },
    { signal },
  );
  DARK.addEventListener("change", () => localStorage.getItem(STORAGE_KEY) ?? change(systemTheme()), { signal });
  store.subscribe(["theme"], ({ theme }) => button.setAttribute("aria-pressed", String(theme === "dark")), { signal });
}

/** @returns {Theme} */
function systemTheme() {
  return DARK.matches ? "dark" : "light";
}

/**
 * @param {string | null} text
 * @returns {Theme | null}
 */
function readTheme(text) {
  return text === "dark" || text === "light" ? text : null;
}
