# Two commands do everything on a fresh machine: `make demo` and `make test`. Python 3.11 to 3.14 is all they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv

# Tests start hundreds of processes: where compiled modules are not kept, each compiles all that it imports, for seconds.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo neo4j test test-train test-vllm test-ecosystem lint format wheel constraints clean

demo: $(VENV)/installed
	@rm -rf demo-graph
	@$(BIN)/kgbuild build examples/documents --ontology company --graph demo-graph --prefect
	@$(BIN)/python examples/show.py demo-graph

# Neo4j with Neo4j Browser in the foreground, without Docker; Java and Maven are all it needs. RELEASE=5.26 names the release.
neo4j: $(VENV)/installed-for-tests
	@$(BIN)/python -m tests.neo4j_server $(if $(RELEASE),--release $(RELEASE))

# Everything that this machine can run, the tests on real Neo4j servers included; the end of it says what was skipped, and why. Property
# tests draw the same cases each time; plain pytest draws new ones.
test: $(VENV)/installed-for-tests
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/python -m pytest -m 'not needs_vllm' -rs -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder \
	   --hypothesis-profile ci

# What needs torch, in an environment of its own: 6 GB.
test-train: .venv-train/installed
	@.venv-train/bin/python -m pytest tests/compact tests/cli/test_train.py

# What needs a language model: a real vLLM server on the CPU, with a tiny model of random weights that is made here. 5 GB; Linux on
# x86-64 with Python 3.11 and libnuma.
test-vllm: $(VENV)/installed-for-tests
	@tests/vllm/run.sh $(BIN)/python -m pytest -m needs_vllm

# What needs other libraries that read our graph in Neo4j (neo4j-graphrag, LangChain, LlamaIndex), in an environment of its own: 1.2 GB.
test-ecosystem: .venv-ecosystem/installed
	@.venv-ecosystem/bin/python -m pytest -m needs_neo4j -rs tests/ecosystem

lint: $(VENV)/installed-for-tests
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy

format: $(VENV)/installed-for-tests
	$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .

# One version of each package for all Pythons: what is tested on one is what another installs.
COMPILE = $(UV) pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --no-annotate --no-header \
   --no-emit-index-url --upgrade

constraints: | $(UV)
	@{ head -n 2 constraints.txt; $(COMPILE) --extra dev --extra train pyproject.toml; } > constraints.new \
	   && mv constraints.new constraints.txt
	@{ head -n 1 tests/ecosystem/requirements.txt; grep -v '^neo4j=' constraints.txt | $(COMPILE) --constraints - \
	   pyproject.toml tests/ecosystem/requirements.in; } > requirements.new && mv requirements.new tests/ecosystem/requirements.txt

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

.venv-train/installed: pyproject.toml constraints.txt | $(UV)
	@echo "Installing kgbuild with torch into .venv-train ..."
	@UV_PYTHON_DOWNLOADS=never $(UV) venv --quiet --clear --python $(BIN)/python .venv-train
	@$(UV) pip install --quiet --python .venv-train/bin/python --constraints constraints.txt --editable '.[dev,train]'
	@touch $@

# LlamaIndex wants an older driver than constraints.txt names, so this has pins of its own.
.venv-ecosystem/installed: pyproject.toml tests/ecosystem/requirements.txt | $(UV)
	@echo "Installing kgbuild and what reads its graphs into .venv-ecosystem ..."
	@UV_PYTHON_DOWNLOADS=never $(UV) venv --quiet --clear --python $(BIN)/python .venv-ecosystem
	@$(UV) pip install --quiet --python .venv-ecosystem/bin/python --requirements tests/ecosystem/requirements.txt --editable .
	@touch $@

clean:
	rm -rf $(VENV) .venv-train .venv-vllm .venv-ecosystem .neo4j demo-graph dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
