"""Scripts behind the Makefile's verbs, one verb a script, and what the browser tests share with them."""
