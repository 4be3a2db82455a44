/** The article's page: it only looks as the reader chose. */

import { createViewMenu } from "./appearance/menu.js";

const menu = document.getElementById("view-menu");
if (menu) createViewMenu(menu, new URLSearchParams(location.search), { signal: new AbortController().signal });
