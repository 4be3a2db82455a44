# The whole set-up in one place: everything lands in .venv, nothing outside the repository is changed
# (one exception: where no browser is found, `make test` installs one).
# A step is repeated only when the files it depends on have other content: the stamps carry their checksum.

SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python

sum = $(shell cat $(1) 2>/dev/null | cksum | tr -dc '0-9')
# The folder is part of the key because scripts in .venv hold its path: a moved copy is set up anew.
KEY := $(call sum,pyproject.toml constraints.txt)-$(shell pwd | cksum | tr -dc '0-9')
RUN_STAMP := $(VENV)/.stamp-run-$(KEY)
TEST_STAMP := $(VENV)/.stamp-test-$(KEY)
NODE_STAMP := $(VENV)/.stamp-node-$(call sum,tests/js/package-lock.json)
# Empty where .venv is missing or its interpreter is gone or too old; every stamp is void then.
VENV_WORKS := $(shell $(PY) -c 'import sys; sys.version_info >= (3, 11) and print("yes")' 2>/dev/null)

WITH_NODE = PATH="$$($(PY) -m tests.tools.node):$$PATH"
TSC := $(VENV)/node/node_modules/.bin/tsc
# In the order of the folders: the browser's tests, which take longest, come first, and many short ones last.
XDIST ?= -n 2 --dist loadgroup --no-loadscope-reorder

.PHONY: help setup setup-test run test lint types test-js test-py bench soak screenshots clean fresh

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{printf "make %-12s %s\n", $$1, $$2}'

setup: $(RUN_STAMP)  ## make .venv with what the lab needs

run: $(RUN_STAMP)  ## set up and start the lab; ARGS="--port 9000" passes options on
	@exec $(VENV)/bin/ganlab $(ARGS)

test: lint types test-js test-py  ## set up and run every check; PYTEST_ARGS="-k losses" passes options on

lint: $(TEST_STAMP)  ## check format and style of the code and of the Dockerfile
	@$(PY) -m ruff format --check --quiet . || { echo "run '$(PY) -m ruff format .' to mend the format"; exit 1; }
	@$(PY) -m ruff check .
	@if [ -x $(VENV)/bin/hadolint ]; then $(VENV)/bin/hadolint Dockerfile; \
	 else echo "the Dockerfile is not checked: hadolint has no wheel for this machine"; fi

types: $(TEST_STAMP) $(NODE_STAMP)  ## check the types of the Python and of the JavaScript
	@$(PY) -m mypy
	@$(WITH_NODE) $(TSC) -p tests/js/tsconfig.page.json
	@$(WITH_NODE) $(TSC) -p tests/js/tsconfig.json

test-js: $(NODE_STAMP)  ## run the tests of the page's modules in node
	@$(WITH_NODE) node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON --test $$(find tests/js -name '*.test.js' | sort)

test-py: $(TEST_STAMP)  ## run the tests of the server and, in a browser, of the page
	@$(PY) -m tests.tools.browser --install
	@$(PY) -m pytest $(XDIST) $(PYTEST_ARGS)

bench: $(TEST_STAMP)  ## measure the lab beside a plain PyTorch loop; ARGS="--quick" for a rough answer
	@$(PY) -m tests.tools.browser --install
	@$(PY) -m tests.bench $(ARGS)

soak: $(TEST_STAMP)  ## let random clients and faults loose on a real lab for ten minutes; ARGS="--seconds 30" for less
	@$(PY) -m tests.soak $(ARGS)

screenshots: $(TEST_STAMP)  ## take the README's and the article's pictures
	@$(PY) -m tests.tools.browser --install
	@$(PY) -m tests.tools.screenshots
	@$(PY) -m tests.tools.article

clean:  ## remove everything that was made, .venv too
	rm -rf $(VENV) .artifacts .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup-test: $(TEST_STAMP) $(NODE_STAMP)

ifneq ($(VENV_WORKS),yes)
$(RUN_STAMP) $(TEST_STAMP) $(NODE_STAMP): fresh
endif

# A name on PATH may be a stub that only says it is not installed, so each one is run, not just found.
fresh:
	@for python in $$PYTHON python3.13 python3.12 python3.11 python3 python; do \
	   if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	     echo "making $(VENV) with $$("$$python" --version)"; rm -rf $(VENV); \
	     exec "$$python" -m venv $(VENV); \
	   fi; \
	 done; \
	 echo "no Python 3.11 or newer with venv was found (tried \$$PYTHON, python3.13, python3.12, python3.11, python3, python);" \
	      "install one, or name it: make run PYTHON=/path/to/python" >&2; exit 1

$(RUN_STAMP):
	@echo "installing the lab (some minutes the first time)"
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@rm -f $(VENV)/.stamp-run-*; touch $@

$(TEST_STAMP): $(RUN_STAMP)
	@echo "installing the tools of the tests"
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@rm -f $(VENV)/.stamp-test-*; touch $@

$(NODE_STAMP): | $(RUN_STAMP)
	@$(PY) -m tests.tools.node --packages
	@rm -f $(VENV)/.stamp-node-*; touch $@
