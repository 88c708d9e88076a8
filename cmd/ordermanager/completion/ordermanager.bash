# bash completion for ordermanager
_ordermanager() {
    local IFS=$'\n' line
    COMPREPLY=()
    for line in $(ordermanager __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null); do
        COMPREPLY+=("${line%%$'\t'*}")
    done
}
complete -o default -F _ordermanager ordermanager
