// The part of the zsh script that is the same for every program.

enum ZshScript {
    /// Completes one word. It works from a folder of `$fpath` and when it is read with `source`.
    static let driver = #"""
        _PROGRAM() {
            local command=PROGRAM kind= option= word number=0 only_arguments= wants_command=1
            local -a reply names
            local -i i
            for (( i = 2; i < CURRENT; i++ )); do
                word=${words[i]}
                if [[ -n $option ]]; then
                    option=
                elif [[ -n $only_arguments ]]; then
                    (( number += 1 ))
                elif [[ $word == -- ]]; then
                    only_arguments=1
                elif [[ $word == -?* ]]; then
                    _PROGRAM_kind "$command" "$word"
                    if [[ -n $kind ]]; then option=$word; fi
                    wants_command=
                elif [[ -n $wants_command ]]; then
                    if [[ $word == help && $command == PROGRAM ]]; then continue; fi
                    _PROGRAM_subcommands "$command"
                    if (( ${#reply[(r)${word}:*]} )); then
                        command="$command $word"
                    else
                        wants_command=
                        (( number += 1 ))
                    fi
                else
                    (( number += 1 ))
                fi
            done
            word=${words[CURRENT]}
            if [[ -z $option && -z $only_arguments && $word == --*=* ]]; then
                option=${word%%=*}
                compset -P 1 '*='
            fi
            if [[ -z $option && -z $only_arguments && $word == -* ]]; then
                _PROGRAM_options "$command"
                _describe -o option reply
                return
            fi
            if [[ -z $option && -n $wants_command ]]; then
                _PROGRAM_subcommands "$command"
                if (( ${#reply} )); then
                    _describe command reply
                    return
                fi
            fi
            _PROGRAM_kind "$command" "${option:-#$(( number + 1 ))}"
            case $kind in
            words\ *) compadd -- ${=kind#words } ;;
            keys\ *) compadd -S = -- ${=kind#keys } ;;
            run|model)
                names=("${(@f)$(PROGRAM names $kind 2>/dev/null)}")
                compadd -- ${names:#}
                _files ;;
            file) _files ;;
            folder) _files -/ ;;
            esac
        }

        if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
            _PROGRAM "$@"
        elif (( $+functions[compdef] )); then
            compdef _PROGRAM PROGRAM
        fi

        """#
}
