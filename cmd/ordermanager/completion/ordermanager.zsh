#compdef ordermanager
# zsh completion for ordermanager
_ordermanager() {
    local line
    local -a found
    while IFS= read -r line; do
        found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done < <(ordermanager __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( $#found )); then
        _describe ordermanager found
    else
        _files
    fi
}
compdef _ordermanager ordermanager
