#!/bin/sh
# The `todo` that is installed. It runs the package by the Python of its own environment, without
# the wrapper that an installer writes for `todo-python`: that of pip 23 imports `re`, which takes
# half as long as Python's start.
case $0 in
*/*) here=${0%/*} ;;
*) here=. ;;
esac
if [ -L "$0" ]; then
    # pipx and uv tool link `todo-python` too. It begins with the path of a Python, and where that
    # has our `todo` beside it, we know in no time what readlink would tell.
    first=
    [ ! -r "$here/todo-python" ] || IFS= read -r first <"$here/todo-python"
    there=${first#??}
    there=${there%/*}
    if [ -f "$there/../pyvenv.cfg" ] && [ "$there/todo" -ef "$0" ]; then
        here=$there
    elif there=$(readlink -f "$0"); then
        here=${there%/*}
    fi
fi
if [ -f "$here/../pyvenv.cfg" ]; then
    exec "$here/python" -P -c 'from todo_cli.entry import main; main()' "$@"
fi
exec "$here/todo-python" "$@"
