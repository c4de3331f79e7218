# The doors of the project. Each sets up what it needs; what is there and unchanged is not made again.
#
#   make run     set up everything, start, show a demo call, keep serving
#   make demo    set up everything, one demo call, timeline in var/demo, end
#   make test    every test; only='server or browser' those that `make check` leaves out
#   make check   formatting, types, import arrows, pages, and the tests that need no server
#   make bench   the figures
#   make setup   set up everything and start nothing
#   make wheel   build/wheel/svarklar-….whl: the program with all its data, to be installed anywhere
#   make lock    renew the lock files in requirements/

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := run
MAKEFLAGS += --no-print-directory
export PATH := $(CURDIR)/.venv/bin:$(PATH)

web := screenpop/web
web_sources := $(shell find $(web) -name node_modules -prune -o -type f -print)
var := $(or $(SVARKLAR_VAR),var)
# Whole calls wait more than they work: one more at a time than there are cores.
waiting := $(shell echo $$(($$(nproc) + 1)))

.PHONY: run demo test check bench setup wheel lock chromium servers

run: setup
	@exec svarklar up

demo: setup
	@exec svarklar demo

test: setup .venv/develop chromium servers
	pytest --numprocesses $(waiting) --dist loadfile --no-loadscope-reorder $(if $(only),-m '$(only)')

check: setup .venv/develop
	ruff format --check .
	ruff check .
	mypy
	lint-imports
	npm --prefix $(web) run check
	pytest --numprocesses auto --dist loadfile -m 'not server and not browser'

bench: setup .venv/develop chromium servers
	@exec python -m tests.bench

# What an earlier build has left behind would be packed again.
wheel: .venv/runtime screenpop/static/index.html
	@rm -rf build/lib build/bdist.* build/wheel
	@pip --quiet --disable-pip-version-check wheel --no-deps --no-build-isolation --wheel-dir build/wheel .
	@ls build/wheel/*.whl

setup: .venv/runtime screenpop/static/index.html $(var)/asterisk $(var)/prompts/.made

.venv/runtime: requirements/runtime.txt pyproject.toml setup/python.sh
	@setup/python.sh requirements/runtime.txt
	@touch $@

.venv/develop: requirements/develop.txt .venv/runtime
	@setup/python.sh requirements/develop.txt
	@touch $@

# Not `npm ci`: it refuses a lock that names no files of vite's for other operating systems. This installs
# what the lock says all the same, and --no-save leaves the lock as it is.
$(web)/node_modules/.package-lock.json: $(web)/package-lock.json | .venv/runtime
	@setup/node.sh
	@echo "pages: installing their packages"
	@npm --prefix $(web) install --no-save --ignore-scripts --loglevel error
	@touch $@

screenpop/static/index.html: $(web)/node_modules/.package-lock.json $(web_sources)
	@echo "pages: building"
	@npm --prefix $(web) run build --silent -- --logLevel warn
	@touch $@

# Where the system's own Asterisk will do this folder never comes to be, and each start asks again.
$(var)/asterisk: asterisk-config/etc/modules.conf asterisk-config/fetch.sh | .venv/runtime
	@svarklar asterisk
	@if [ -d $@ ]; then touch $@; fi

$(var)/prompts/.made: $(wildcard ivr/texts/*) ivr/speaking/prompts.py ivr/speaking/voices.py | .venv/runtime $(var)/asterisk
	@echo "prompts: speaking them"
	@svarklar prompts
	@mkdir -p $(@D) && touch $@

chromium:
	@setup/chromium.sh

servers:
	@setup/servers.sh

lock: .venv/runtime
	@python -m venv build/lock
	@build/lock/bin/pip install --quiet uv
	@for name in runtime develop node; do \
	  build/lock/bin/uv pip compile --quiet --upgrade --generate-hashes --no-header --python-version 3.11 \
	    requirements/$$name.in --output-file requirements/$$name.txt; \
	done
