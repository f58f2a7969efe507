# Two commands do everything on a fresh machine: `make demo` and `make test`. Python 3.11 to 3.13 is all they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv

.PHONY: demo test lint format wheel constraints clean

demo: $(VENV)/installed
	@rm -rf demo-graph
	@$(BIN)/kgbuild build examples/documents --ontology company --graph demo-graph --prefect
	@$(BIN)/python examples/show.py demo-graph

test: $(VENV)/installed-for-tests
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && $(BIN)/mypy
	@$(BIN)/python -m pytest

lint: $(VENV)/installed-for-tests
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy

format: $(VENV)/installed-for-tests
	$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .

constraints: | $(UV)
	@{ head -n 2 constraints.txt; $(UV) pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header \
	   --no-emit-index-url --upgrade --extra dev pyproject.toml; } > constraints.new && mv constraints.new constraints.txt

wheel: $(VENV)/installed-for-tests
	$(UV) build --quiet --wheel --out-dir dist

# uv makes the installation a matter of seconds; everything is pinned by constraints.txt.
$(UV):
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv -c constraints.txt

$(VENV)/installed: pyproject.toml constraints.txt | $(UV)
	@echo "Installing kgbuild into $(VENV) ..."
	@UV_PYTHON_DOWNLOADS=never $(UV) pip install --quiet --python $(BIN)/python --constraints constraints.txt --editable .
	@touch $@

$(VENV)/installed-for-tests: pyproject.toml constraints.txt | $(UV)
	@echo "Installing kgbuild and its test tools into $(VENV) ..."
	@UV_PYTHON_DOWNLOADS=never $(UV) pip install --quiet --python $(BIN)/python --constraints constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/installed

clean:
	rm -rf $(VENV) demo-graph dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
