# `make book` and `make test` need python3 (3.11 to 3.13) and make; everything else they install into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

.PHONY: book test check lab lock clean help

help:
	@echo "make book    rerun every chapter, check its numbers, build the online book"
	@echo "make test    all tests, and every chapter under two fixed seeds"
	@echo "make check   unit tests, linters, types (two to three minutes)"
	@echo "make lab     JupyterLab with the chapters as notebooks"
	@echo "make lock    resolve the dependencies anew (needs uv)"
	@echo "make clean   delete what was generated, but not .venv"

book: $(READY)
	@$(BIN)/course book run
	@$(BIN)/course book check
	@$(BIN)/course book build --if-changed

test: $(READY)
	$(BIN)/course book lint
	$(BIN)/course book verify --once
	$(BIN)/course book claims
	$(BIN)/course book build
	$(BIN)/course assignments check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(READY)
	$(BIN)/course book lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

# The sources are Markdown: Jupytext shows them as notebooks, and this makes a double click do so.
lab: $(READY)
	@$(BIN)/jupytext-config --settings-file $(VENV)/etc/jupyter/labconfig/default_setting_overrides.json \
	  set-default-viewer markdown myst >/dev/null
	$(BIN)/jupyter lab --notebook-dir=book/chapters

# The lock holds for every Python and system that the course supports: one version of each package, hashes, no addresses.
lock:
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --output-file requirements.lock

# The bytecode is compiled here because importing TensorFlow from source takes three times as long, whatever
# PYTHONDONTWRITEBYTECODE says later.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "error: $(PYTHON) is $$($(PYTHON) -V 2>&1); the course needs Python 3.11, 3.12 or 3.13. Try: make PYTHON=python3.12"; exit 1; }
	@rm -f $@
	@if command -v uv >/dev/null; then \
	  echo "Installing the locked packages with uv into $(VENV)"; \
	  uv venv --quiet --allow-existing --python $(PYTHON) $(VENV) && \
	  uv pip sync --quiet --python $(BIN)/python --compile-bytecode --require-hashes requirements.lock; \
	else \
	  echo "Installing the locked packages with pip into $(VENV) (a few minutes the first time)"; \
	  $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock; \
	fi
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

clean:
	rm -rf book/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
