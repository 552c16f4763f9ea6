# Completion of todo for bash 4.4 and newer, with or without the bash-completion package.
# Words are read here and never evaluated; what todo answers is data, and never evaluated either.

# Take the line up to the cursor apart as the shell would, expanding nothing. Sets words, the last
# one being under the cursor; fixed, how much of that word lies before what readline replaces; and
# quote, the quotation mark that is open.
_todo_read() {
    local line=$1 char word="" begun="" opened="" i
    words=() fixed="" quote=""
    for ((i = 0; i < ${#line}; i++)); do
        char=${line:i:1}
        if [[ $quote == "'" && $char != "'" ]]; then
            word+=$char
        elif [[ $char == "\\" && ($quote != '"' || ${line:i+1:1} == [\"\\\$\`]) ]]; then
            ((i += 1))
            word+=${line:i:1} begun=1
        elif [[ -n $quote && $char == "$quote" ]]; then
            quote=""
        elif [[ -n $quote ]]; then
            word+=$char
        elif [[ $char == [\"\'] ]]; then
            quote=$char opened=$word begun=1
        elif [[ $char == [[:space:]] ]]; then
            [[ -z $begun ]] || words+=("$word")
            word="" fixed="" begun=""
        else
            word+=$char begun=1
            [[ $COMP_WORDBREAKS != *"$char"* ]] || fixed=$word
        fi
    done
    [[ -z $quote ]] || fixed=$opened
    words+=("$word")
}

# Set value to what stands for it on the command line, within the open quotation mark if any.
_todo_quote() {
    case $quote in
        "'") value=${value//\'/\'\\\'\'} ;;
        '"')
            value=${value//\\/\\\\}
            value=${value//\"/\\\"}
            value=${value//\$/\\\$}
            value=${value//\`/\\\`}
            ;;
        *) [[ $value =~ ^[[:alnum:]_.,:=@%/+-]*$ ]] || printf -v value %q "$value" ;;
    esac
}

_todo() {
    local words fixed quote program=todo line value about answers
    [[ $1 != */* ]] || program=${1/#\~/$HOME}
    _todo_read "${COMP_LINE:0:COMP_POINT}"
    mapfile -t answers < <(_TODO_COMPLETE=1 command "$program" "${words[@]:1}" 2>/dev/null)
    COMPREPLY=()
    for line in "${answers[@]}"; do
        value=${line%%$'\t'*} about=${line#*$'\t'}
        value=${value#"$fixed"}
        _todo_quote
        # 37 and 42: readline puts the suggestions themselves into the line, one after the other.
        if [[ ${#answers[@]} -gt 1 && -n $about && $COMP_TYPE != 37 && $COMP_TYPE != 42 ]]; then
            value+="  ($about)"
        fi
        COMPREPLY+=("$value")
    done
    [[ ${#answers[@]} -eq 1 ]] || return
    case $value in
        *[:=]) compopt -o nospace ;; # the value of an attribute follows
        *) COMPREPLY=("$value$quote") ;; # readline closes the quotes, but not behind another mark
    esac
}

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); then
    complete -o nosort -F _todo todo
fi
