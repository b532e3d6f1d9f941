// The part of the fish script that is the same for every program.

enum FishScript {
    static let driver = #"""
        function __PROGRAM_complete
            set -l path PROGRAM
            set -l option
            set -l number 0
            set -l only_arguments no
            set -l wants_command yes
            set -l tokens (commandline -opc)
            set -l current (commandline -ct)
            for word in $tokens[2..-1]
                if test -n "$option"
                    set option
                else if test $only_arguments = yes
                    set number (math $number + 1)
                else if test "$word" = --
                    set only_arguments yes
                else if string match -q -- '-?*' "$word"
                    set wants_command no
                    set -l kind (__PROGRAM_kind "$path" "$word")
                    test -n "$kind"; and set option $word
                else if test $wants_command = yes
                    test "$word" = help -a "$path" = PROGRAM; and continue
                    if contains -- "$word" (__PROGRAM_subcommands "$path" | string replace -r '\t.*' '')
                        set path "$path $word"
                    else
                        set wants_command no
                        set number (math $number + 1)
                    end
                else
                    set number (math $number + 1)
                end
            end
            set -l before ''
            if test -z "$option" -a $only_arguments = no; and string match -q -- '--*=*' "$current"
                set option (string replace -r '=.*' '' -- $current)
                set before "$option="
                set current (string replace -r '^[^=]*=' '' -- $current)
            end
            if test -z "$option" -a $only_arguments = no; and string match -q -- '-*' "$current"
                __PROGRAM_options "$path"
                return
            end
            if test -z "$option" -a $wants_command = yes
                set -l subcommands (__PROGRAM_subcommands "$path")
                if set -q subcommands[1]
                    printf '%s\n' $subcommands
                    return
                end
            end
            set -l wanted $option
            test -n "$wanted"; or set wanted "#"(math $number + 1)
            set -l kind (__PROGRAM_kind "$path" "$wanted")
            switch "$kind[1]"
                case words
                    printf '%s\n' $before$kind[2..-1]
                case keys
                    printf '%s=\n' $before$kind[2..-1]
                case run model
                    for name in (PROGRAM names $kind[1] 2>/dev/null)
                        printf '%s\n' $before$name
                    end
                    for name in (__fish_complete_path "$current")
                        printf '%s\n' $before$name
                    end
                case file
                    for name in (__fish_complete_path "$current")
                        printf '%s\n' $before$name
                    end
                case folder
                    for name in (__fish_complete_directories "$current")
                        printf '%s\n' $before$name
                    end
            end
        end

        complete -c PROGRAM -f -a '(__PROGRAM_complete)'

        """#
}
