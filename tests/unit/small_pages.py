"""Pages with all that `python -m docs` reads, as small as can be."""

from docs import manual
from docs.markdown import Page

README = """# todo

Words before.

- One point
  on two lines.
- Another.

## Every day

It stays.
"""
REFERENCE = """# Reference

## Commands

<!-- commands: written by python -m docs -->
stale
<!-- /commands -->

## IDs

An ID is a number.

## Words

`+tag` is a word.

## Edit

In your editor.

## Completion

With Tab.

## Dates

    today
    tomorrow

## Where things are

```toml
# a comment, no heading

key = 1
```

| variable | meaning |
| --- | --- |
| `TODO_HOME` | a folder |
"""
SCRIPTS = """# Scripts

## Output

Data goes to stdout.

## Stdin

A title a line.

## Exit codes

| exit code | in JSON | when |
| --- | --- | --- |
| 0 | | done |
| 2 | `usage` | `--x` is wrong \\| odd |
"""
AGENT = "# The agent\n\nIt answers.\n"
TROUBLE = "# Troubleshooting\n" + "".join(
    f"\n## {title}\n\nDo this.\n" for title in manual.TROUBLES
)
TEXTS = dict(zip(manual.PAGES, (README, REFERENCE, SCRIPTS, AGENT, TROUBLE), strict=True))
PAGES = {name: Page(name, text) for name, text in TEXTS.items()}
