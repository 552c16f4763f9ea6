"""`python -m todo_cli` is `todo`."""

from todo_cli.entry import main

main()
