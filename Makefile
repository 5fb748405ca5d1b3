# One command for each thing; `make help` lists them. Set-up happens by itself and only again when the pins change.

PYTHON ?= python3
PORT ?= 8501
HOST ?= 127.0.0.1
ARGS ?=
NEW ?=
WORDS ?= mvfa_core/i18n
WORKERS ?= 2

VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
CREATED := $(VENV)/.created
RUNTIME := $(VENV)/.runtime-ready
DEV := $(VENV)/.dev-ready
LOWEST := $(VENV)/lowest
TYPES := $(VENV)/types

# Big wheels over slow lines; never a Python that was not asked for.
export UV_HTTP_TIMEOUT ?= 300
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# uv when it could be had (it is many times faster), else pip: the same pins either way.
define install
	@if [ -x $(BIN)/uv ]; then \
		$(BIN)/uv pip install --python $(BIN)/python -r $(1) || { \
			echo "uv could not finish; trying the same with pip."; \
			$(BIN)/python -m pip install -r $(1); }; \
	else \
		$(BIN)/python -m pip install -r $(1); \
	fi
endef

# TypeScript as pinned is in $(TYPES), or was put there now.
define typescript
	{ [ $(TYPES)/.ready -nt tests/mvfa_core/web/types/package-lock.json ] || { mkdir -p $(TYPES) && \
		cp tests/mvfa_core/web/types/package*.json $(TYPES) && \
		$(BIN)/npm ci --prefix $(TYPES) --no-audit --no-fund --fetch-retries=1 --loglevel=silent && \
		touch $(TYPES)/.ready; }; }
endef

.DEFAULT_GOAL := help
.PHONY: help setup app serve load hostile test quick test-lowest soak audit lint words format bench bench-app bench-memory bench-gpu reproduce-gpu models browser \
	clean

help: ## List these commands
	@echo "Usage: make COMMAND [PYTHON=python3.12] [PORT=8501] [ARGS=\"...\"]"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

app: $(RUNTIME) ## Set up if needed, then open the app on PORT (8501)
	@$(BIN)/streamlit run app/main.py --server.port $(PORT) $(ARGS)

serve: $(RUNTIME) ## Share it with a class: HOST, PORT, MVFA_PASSCODE_FILE, MVFA_READ_ONLY (docs/serving.md)
	@HOST="$(HOST)" PORT="$(PORT)" $(BIN)/python -m app.server $(ARGS)

setup: $(RUNTIME) ## Only install what the app needs, into .venv

test: $(DEV) browser ## Set up if needed, then run all tests, browser included (ARGS="-k words" for some)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --durations 15 $(ARGS)

quick: $(DEV) ## The tests that answer at once, for the loop of work: rules, the paper, the app's base and services
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not browser and not slow and not soak" -k "not properties" \
		tests/house tests/mvfa_core/test_*.py tests/mvfa_core/analysis tests/app/base tests/app/services $(ARGS)

test-lowest: $(LOWEST)/.ready ## Run the tests that need no browser with the oldest versions that pyproject.toml allows
	@$(LOWEST)/bin/python -m pytest -m "not soak and not browser" $(ARGS)

soak: $(DEV) ## Kill runs, surveys and servers, and draw many more examples (minutes)
	@$(BIN)/python -m pytest -m soak $(ARGS)
	@[ -n "$(ARGS)" ] || MVFA_EXAMPLES=300 $(BIN)/python -m pytest tests -k test_properties

audit: $(RUNTIME) ## Look for known vulnerabilities in what is pinned (asks a service on the network)
	@grep -v '^-e' requirements.txt >$(VENV)/audited.txt
	@if [ -x $(BIN)/uv ]; then \
		$(BIN)/uv tool run pip-audit --disable-pip --no-deps -r $(VENV)/audited.txt $(ARGS); \
	else \
		$(PYTHON) -m venv $(VENV)/audit && $(VENV)/audit/bin/python -m pip install --quiet pip-audit && \
		$(VENV)/audit/bin/pip-audit --disable-pip --no-deps -r $(VENV)/audited.txt $(ARGS); \
	fi

lint: $(DEV) ## Check style, imports and types, those of the JavaScript too
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@if $(typescript); then \
		$(BIN)/node $(TYPES)/node_modules/typescript/bin/tsc --project tests/mvfa_core/web/types; \
	else \
		echo "The JavaScript's types were not checked: TypeScript comes from npm, which could not be reached."; \
		[ -z "$$CI" ]; \
	fi
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/python -m tests.house.translations

words: $(RUNTIME) ## Bring the translations up to date with the sources; NEW=eo begins a language (docs/languages.md)
	@$(BIN)/pybabel -q extract -k N_ -k NC_:1c,2 --no-location --sort-output -o $(VENV)/mvfa.pot app mvfa_core pages
	@if [ -n "$(NEW)" ]; then $(BIN)/pybabel -q init -i $(VENV)/mvfa.pot -l $(NEW) -o $(WORDS)/$(NEW).po; fi
	@for file in $(WORDS)/*.po; do \
		$(BIN)/pybabel -q update -i $(VENV)/mvfa.pot -l $$(basename $$file .po) -o $$file -w 100 --no-fuzzy-matching \
			--ignore-obsolete --ignore-pot-creation-date; \
	done

format: $(DEV) ## Put the sources into the one format
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

hostile: $(DEV) ## Ten hostile visitors beside ten honest ones for five minutes (needs a quiet machine)
	@$(BIN)/python -m tests.load.hostile $(ARGS)

load: $(DEV) ## Thirty visitors at once against a server of its own, beside a training run (minutes)
	@$(BIN)/python -m tests.load $(ARGS)

bench: $(DEV) ## Measure head, step and explanation against the alternatives
	@$(BIN)/python -m mvfa_core bench head
	@$(BIN)/python -m mvfa_core bench step
	@$(BIN)/python -m mvfa_core bench explain

bench-app: $(DEV) browser ## Time every control in a real browser, from the hand to the painted frame
	@$(BIN)/python -m tests.bench app $(ARGS)

bench-memory: $(DEV) ## Read what a server holds after a thousand explanations
	@$(BIN)/python -m tests.bench memory $(ARGS)

bench-gpu: $(RUNTIME) ## Measure training on a CUDA GPU (docs/gpu.md)
	@$(BIN)/python -m mvfa_core bench train --device cuda --models vgg16 resnet41 --precision bf16 --compile on --json

# The cheapest informative cells first; cut off at any moment, the same command goes on where it was. A table whose
# data set is not here leaves its cells open and is no reason to stop.
reproduce-gpu: $(RUNTIME) ## Train the paper's cells on a CUDA GPU, the most telling first (docs/gpu.md)
	-@$(BIN)/python -m mvfa_core reproduce table1 --datasets ucmerced --rows VGG16_GAP VGG16_MFA --device cuda $(ARGS)
	-@$(BIN)/python -m mvfa_core reproduce table1 --datasets imagenette --rows VGG16_GAP VGG16_MFA --device cuda $(ARGS)
	-@$(BIN)/python -m mvfa_core reproduce table3 --datasets ucmerced --device cuda $(ARGS)
	-@$(BIN)/python -m mvfa_core reproduce ablation --datasets ucmerced --device cuda $(ARGS)
	-@$(BIN)/python -m mvfa_core reproduce table1 --datasets ucmerced imagenette --device cuda $(ARGS)
	-@$(BIN)/python -m mvfa_core reproduce table2 --device cuda $(ARGS)
	-@$(BIN)/python -m mvfa_core reproduce anchors --recipe photos --backbone compact --steps-scale 0.1 --seeds 5 --device cuda $(ARGS)

models: $(RUNTIME) ## Train compact_mfa and compact_gap again
	@$(BIN)/python -m mvfa_core bundle

browser: ## See that a Chromium is there for the browser tests; on Debian as root, install it
	@for name in "$$MVFA_BROWSER" chromium chromium-browser google-chrome google-chrome-stable; do \
		if [ -n "$$name" ] && command -v "$$name" >/dev/null 2>&1; then exit 0; fi; \
	done; \
	if command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
		echo "Installing Chromium for the browser tests."; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-liberation && exit 0; \
	fi; \
	echo "No Chromium found: install Chromium or Google Chrome (or set MVFA_BROWSER to its path) to run the browser tests."; \
	if [ -n "$$CI" ]; then exit 1; fi

clean: ## Remove the environment, caches and builds; runs/ and data/ stay
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache build dist test-results *.egg-info
	find app mvfa_core pages tests -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(CREATED):
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "$(PYTHON) was not found: install Python 3.11 or newer, or name one with PYTHON=path." >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, got $$($(PYTHON) -V 2>&1): name another with PYTHON=python3.11." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) has no venv module: install it (on Debian: apt-get install python3-venv)." >&2; exit 2; }
	@echo "Creating $(VENV) with $$($(PYTHON) -V 2>&1)."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet uv==$(UV_VERSION) || echo "uv could not be had; going on with pip, which is slower."
	@touch $@

$(RUNTIME): requirements.txt pyproject.toml | $(CREATED)
	@echo "Installing what the app needs (about 6 GB on Linux, a few minutes the first time)."
	$(call install,requirements.txt)
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@echo "Installing what the tests and checks need."
	$(call install,requirements-dev.txt)
	@touch $@

# Every bound of pyproject.toml as a pin, so that a bound which another package forbids is an error and not passed over.
# The tools of the tests as they are pinned, but for those that are extras with bounds of their own.
$(LOWEST)/.ready: pyproject.toml requirements-dev.txt | $(CREATED)
	@echo "Installing the oldest versions that pyproject.toml allows, into $(LOWEST) (about 6 GB)."
	@rm -rf $(LOWEST)
	@$(PYTHON) -m venv $(LOWEST)
	@sed -n 's/^ *"\([a-z-]*\)>=\([0-9.]*\)",$$/\1==\2.*/p' pyproject.toml >$(LOWEST)/bounds.txt
	@sed -e '/^-r/d' -e '/^# What those bring/,$$d' -e '/^pillow-heif=/d' -e '/^ray=/d' -e '/^tensorboard=/d' -e '/^transformers=/d' requirements-dev.txt >$(LOWEST)/tools.txt
	@$(BIN)/uv pip install --python $(LOWEST)/bin/python --resolution lowest-direct \
		-c $(LOWEST)/bounds.txt -r $(LOWEST)/tools.txt -e '.[heic,logs,ray]'
	@touch $@
