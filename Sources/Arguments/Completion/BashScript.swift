// The part of the bash script that is the same for every program.

enum BashScript {
    /// Completes one word. bash itself takes `--option=value` as three words, since `=` is among its word breaks.
    static let driver = #"""
        _PROGRAM() {
            local command=PROGRAM kind= option= word i number=0 only_arguments= wants_command=1
            local -a reply
            local current=${COMP_WORDS[COMP_CWORD]} last=$COMP_CWORD
            if [[ $current == = ]]; then
                current=
            elif (( COMP_CWORD > 1 )) && [[ ${COMP_WORDS[COMP_CWORD-1]} == = ]]; then
                (( last -= 1 ))
            fi
            for (( i = 1; i < last; i++ )); do
                word=${COMP_WORDS[i]}
                if [[ -n $option ]]; then
                    if [[ $word == = ]]; then continue; fi
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
                    if [[ " ${reply[*]} " == *" $word "* ]]; then
                        command="$command $word"
                    else
                        wants_command=
                        (( number += 1 ))
                    fi
                else
                    (( number += 1 ))
                fi
            done
            COMPREPLY=()
            if [[ -z $option && -z $only_arguments && $current == -* ]]; then
                _PROGRAM_options "$command"
                COMPREPLY=($(compgen -W "${reply[*]}" -- "$current"))
                return
            fi
            if [[ -z $option && -n $wants_command ]]; then
                _PROGRAM_subcommands "$command"
                if (( ${#reply[@]} )); then
                    COMPREPLY=($(compgen -W "${reply[*]}" -- "$current"))
                    return
                fi
            fi
            _PROGRAM_kind "$command" "${option:-#$(( number + 1 ))}"
            local IFS=$'\n'
            case $kind in
            words\ *)
                kind=${kind#words }
                COMPREPLY=($(compgen -W "${kind//[ ]/$'\n'}" -- "$current")) ;;
            keys\ *)
                if [[ $current == *=* || ${COMP_WORDS[COMP_CWORD-1]} == = ]]; then return; fi
                kind=${kind#keys }
                COMPREPLY=($(compgen -S = -W "${kind//[ ]/$'\n'}" -- "$current"))
                compopt -o nospace 2>/dev/null ;;
            run|model)
                COMPREPLY=($(compgen -W "$(PROGRAM names "$kind" 2>/dev/null)" -- "$current"))
                COMPREPLY+=($(compgen -f -- "$current"))
                compopt -o filenames 2>/dev/null ;;
            file)
                COMPREPLY=($(compgen -f -- "$current"))
                compopt -o filenames 2>/dev/null ;;
            folder)
                COMPREPLY=($(compgen -d -- "$current"))
                compopt -o filenames 2>/dev/null ;;
            esac
        }

        complete -F _PROGRAM PROGRAM

        """#
}
