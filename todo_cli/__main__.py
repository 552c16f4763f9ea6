"""`python -m todo_cli` is `todo`."""

from todo_cli.cli.app import main

main()
