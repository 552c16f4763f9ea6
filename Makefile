# The one entry for a developer, in an environment with `pip install -e '.[test,lint]'`.
.DEFAULT_GOAL := help
.PHONY: help check quick all docs

help:  ## Show this.
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile

check:  ## Style, types and floors, in seconds.
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	python -m docs --check

quick: check  ## That, and the tests that are quick, under a minute.
	pytest -q -m quick

all:  ## All that has to hold before a change lands; as root it installs what is missing.
	bash .ci/run

docs:  ## Write the man page, the reference, the schema and the pictures.
	python -m docs
	python -m docs.schema
	python -m docs.pictures
