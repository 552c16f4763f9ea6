#compdef todo
# Completion of todo for zsh: as the function _todo in fpath, or sourced after compinit.
# What todo answers is data, and never evaluated.

_todo() {
    local line value about
    local -a before answers whole begun
    before=("${(@Q)words[2,CURRENT-1]}")
    local word=$PREFIX
    [[ -n $QIPREFIX ]] || word=${(Q)word}
    answers=("${(@f)$(_TODO_COMPLETE=1 command todo "${before[@]}" "$word" 2>/dev/null)}")
    for line in "${answers[@]}"; do
        [[ -n $line ]] || continue
        line=${line//\\/\\\\}
        value=${${line%%$'\t'*}//:/\\:} about=${line#*$'\t'}
        # The value of an attribute follows without a space.
        if [[ $value == *[:=] ]]; then begun+=("$value:$about"); else whole+=("$value:$about"); fi
    done
    local found=1
    _describe -V todo whole && found=0
    _describe -V todo begun -S '' && found=0
    return found
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _todo "$@"
elif (( $+functions[compdef] )); then
    compdef _todo todo
fi
