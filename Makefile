# The README's two commands are `make demo` and `make test`; neither needs anything done before.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DEMO_SERVE ?= 1
DEMO_DIR   ?= .
PORT       ?= 7860
PIP := $(BIN)/python -m pip install --quiet --constraint constraints.txt

.PHONY: demo test test-all bench lint model protocols curves ablations encoder adaptations encoder-ablations nano fewshot readme clean help

help:            ## List these commands.
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.base: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) torch
	$(PIP) --editable '.[train,report,space]'
	touch $@

$(VENV)/.dev: $(VENV)/.base
	$(PIP) --editable '.[dev]'
	touch $@

demo: $(VENV)/.base   ## Install, build corpus, model and report, and open the Space.
	$(BIN)/emo-hub quickstart $(DEMO_DIR)
	@if [ "$(DEMO_SERVE)" != "0" ]; then \
	  $(BIN)/emo-hub demo --model $(DEMO_DIR)/emo-model --port $(PORT); \
	else echo "Not serving (DEMO_SERVE=0). Serve with: make demo"; fi

lint: $(VENV)/.dev    ## Run ruff and mypy.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint            ## Install, then run ruff, mypy and the tests.
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

test-all: lint        ## The same with the slow tests.
	$(BIN)/python -m pytest -m "slow or not slow"

bench: $(VENV)/.dev   ## Time what must be fast, as ratios.
	$(BIN)/python -m pytest tests/benchmarks -m "slow or not slow" -s --timeout=1200

# Where the annotated comments' texts and the public benchmarks are; see README, "Results".
BENCHMARKS ?= $(or $(EMO_HUB_BENCHMARKS),../shared/benchmarks)

CORPUS := $(BIN)/emo-hub corpus build --out runs/emo-pillars
TRAIN  := $(BIN)/emo-hub train contrastive --data runs/emo-pillars --texts $(BENCHMARKS)/goemotions

# The default is the mean of one run on the corpus as it is and of one on each of these two, which
# stand here by the commits that build them: 1.4.0 and 1.5.0.
EARLIER := 479f756 dfe3a9f
AT = PYTHONPATH=$(CURDIR)/runs/at-$(1) $(BIN)/emo-hub

runs/on-%: | $(VENV)/.base
	test -d runs/at-$* || git worktree add --force --detach runs/at-$* $*
	$(call AT,$*) corpus build --out runs/corpus-$*
	$(call AT,$*) train contrastive --data runs/corpus-$* --texts $(BENCHMARKS)/goemotions --out $@ --recipe default

model: $(VENV)/.base $(EARLIER:%=runs/on-%)  ## Train three runs, average, embed and measure the default model (four hours on two cores, less with AMX).
	$(CORPUS)
	$(TRAIN) --out runs/newest --recipe default
	$(BIN)/emo-hub train average $(EARLIER:%=runs/on-%) runs/newest --data runs/emo-pillars --texts $(BENCHMARKS)/goemotions --out runs/default
	rm -rf emo_hub/default_model && cp -r runs/default/adapter emo_hub/default_model
	$(BIN)/emo-hub evaluate default --benchmarks $(BENCHMARKS) --data runs/emo-pillars --out runs/report --card
	cp runs/report/report.json model_cards/results.json
	$(BIN)/python -m emo_hub.synthesis.outside_fit runs/emo-pillars

protocols: $(VENV)/.base  ## Train and measure the two protocols that the default is compared with.
	$(CORPUS)
	$(TRAIN) --out runs/synthetic --recipe synthetic
	$(TRAIN) --out runs/descriptors --recipe descriptors
	$(BIN)/emo-hub evaluate runs/synthetic runs/descriptors --benchmarks $(BENCHMARKS) --data runs/emo-pillars --no-baselines --out runs/protocols --card
	cp runs/protocols/report.json model_cards/protocols.json

curves: $(VENV)/.base  ## Draw quality over rows of each kind of data (an hour on two cores; resumes).
	$(CORPUS)
	$(BIN)/emo-hub train curves --data runs/emo-pillars --texts $(BENCHMARKS)/goemotions --benchmarks $(BENCHMARKS) --out runs/curves --limit 2000
	mkdir -p model_cards/learning_curves && cp runs/curves/curves.json runs/curves/curves.md runs/curves/learning-curves.png model_cards/learning_curves/

ablations: $(VENV)/.base  ## See what changes of the recipe are worth (two hours on two cores; resumes).
	$(CORPUS)
	$(BIN)/emo-hub train ablations --data runs/emo-pillars --texts $(BENCHMARKS)/goemotions --benchmarks $(BENCHMARKS) --out runs/ablations --limit 2000 --set row_share=0.25
	mkdir -p model_cards/ablations && cp runs/ablations/ablations.json runs/ablations/ablations.md model_cards/ablations/

encoder: $(VENV)/.base  ## Train a classifier of the 28 labels on the corpus, and measure it (half an hour on two cores).
	$(CORPUS)
	$(BIN)/emo-hub train encoder --data runs/emo-pillars --texts $(BENCHMARKS)/goemotions --base default --out runs/encoder
	$(BIN)/emo-hub evaluate runs/encoder --benchmarks $(BENCHMARKS) --data runs/emo-pillars --only emo-pillars,goemotions --no-baselines --out runs/encoder-report --card
	mkdir -p model_cards/corpus_encoder && cp runs/encoder/README.md model_cards/corpus_encoder/ && cp runs/encoder-report/report.json model_cards/corpus_encoder/results.json

ADAPT := $(BIN)/emo-hub train encoder --benchmarks $(BENCHMARKS) --seeds 3
adaptations: $(VENV)/.base  ## Fine-tune on GoEmotions, Ekman, ISEAR, EmoContext, three seeds each (four hours on two cores; resumes).
	$(ADAPT) --task goemotions --base default --out runs/adaptation/goemotions
	$(ADAPT) --task ekman --base runs/adaptation/goemotions/best --out runs/adaptation/ekman --set epochs=1 --set learning_rate=5e-5
	$(ADAPT) --task isear --base default --out runs/adaptation/isear --set epochs=2
	$(ADAPT) --task emocontext --base default --out runs/adaptation/emocontext --set epochs=1
	for task in goemotions ekman isear emocontext; do mkdir -p model_cards/adaptation/$$task && cp runs/adaptation/$$task/adaptation.json runs/adaptation/$$task/adaptation.md model_cards/adaptation/$$task/; done

encoder-ablations: $(VENV)/.base  ## See what synthetic rows, contexts and the start are worth to an encoder (an hour on two cores; resumes).
	$(CORPUS)
	$(BIN)/emo-hub train encoder-ablations --data runs/emo-pillars --texts $(BENCHMARKS)/goemotions --benchmarks $(BENCHMARKS) --out runs/courses --set row_share=0.2 --set epochs=2
	mkdir -p model_cards/courses && cp runs/courses/courses.json runs/courses/courses.md model_cards/courses/

nano: $(VENV)/.base    ## Distil the default model into one without a transformer, and measure it (minutes).
	$(CORPUS)
	$(BIN)/emo-hub train nano --data runs/emo-pillars --texts $(BENCHMARKS)/goemotions --out runs/nano
	$(BIN)/emo-hub evaluate runs/nano --benchmarks $(BENCHMARKS) --data runs/emo-pillars --no-baselines --out runs/nano-report --card
	mkdir -p model_cards/nano && cp runs/nano/README.md model_cards/nano/ && cp runs/nano-report/report.json model_cards/nano/results.json

fewshot: $(VENV)/.dev  ## Draw what examples of each label bring, on four sets (an hour on two cores, nearly all SetFit's on ISEAR; resumes).
	$(BIN)/emo-hub train fewshot --benchmark isear:all --benchmarks $(BENCHMARKS) --shots 32 --out runs/fewshot/isear
	for set in emocontext empathetic-dialogues goemotions; do $(BIN)/emo-hub train fewshot --benchmark $$set:dev --benchmarks $(BENCHMARKS) --setfit 0 --out runs/fewshot/$$set || exit 1; done
	for set in isear emocontext empathetic-dialogues goemotions; do mkdir -p model_cards/fewshot/$$set && cp runs/fewshot/$$set/curve.* model_cards/fewshot/$$set/; done

readme: $(VENV)/.base  ## Put the measured table of model_cards/ into the README.
	$(BIN)/python -m emo_hub.evaluation.table model_cards/results.json model_cards/protocols.json README.md

clean:                ## Remove what these commands made.
	rm -rf $(VENV) emo-pillars emo-model report runs build dist
