# fish completion for ordermanager
function __ordermanager_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found (ordermanager __complete $words[2..-1] 2>/dev/null)
    if set -q found[1]
        string join \n -- $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c ordermanager -f -a '(__ordermanager_complete)'
