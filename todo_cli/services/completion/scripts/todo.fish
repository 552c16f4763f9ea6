# Completion of todo for fish. What todo answers is data, and never evaluated.

function __todo_complete
    set -l words (commandline -opc)
    set -l raw (commandline -ct)
    set -l word $raw
    # Without its quotes; the last one may not be closed yet.
    for closing in '' '"' "'"
        if set -l plain (string unescape -- $raw$closing)
            set word $plain
            break
        end
    end
    _TODO_COMPLETE=1 command todo $words[2..-1] "$word" 2>/dev/null
end

complete -c todo -e
complete -c todo -k -f -a '(__todo_complete)'
