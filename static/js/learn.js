/** The article, and what stands where no page is: they only look as the reader chose. */

import { createViewMenu } from "./appearance/menu.js";

const menu = document.getElementById("view-menu");
if (menu) createViewMenu(menu, new URLSearchParams(location.search), { signal: new AbortController().signal });
