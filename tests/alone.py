"""`todo` as a process without an agent, which says nothing more on a slow machine."""

from todo_cli import entry
from todo_cli.link import patience

if __name__ == "__main__":
    vars(patience)["SILENCE"] = 60.0
    entry.main()
