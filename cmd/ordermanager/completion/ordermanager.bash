# bash completion for ordermanager
_ordermanager() {
    local IFS=$'\n' word line glued= current=${COMP_WORDS[COMP_CWORD]}
    local -a words=()
    COMPREPLY=()
    # bash splits sqlite:FILE and --output=json, but only for completion; this joins them.
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        if [[ ${#words[@]} -gt 0 && ( $glued || $word == [:=@]* ) ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        glued=
        [[ $word == *[:=@] ]] && glued=1
    done
    # Of the last word, bash replaces only what comes after the split.
    [[ $current == [:=@] ]] && current=
    word=${words[${#words[@]} - 1]}
    for line in $(ordermanager __complete "${words[@]}" 2>/dev/null); do
        line=${line%%$'\t'*}
        COMPREPLY+=("${line#"${word%"$current"}"}")
    done
}
complete -o default -F _ordermanager ordermanager
