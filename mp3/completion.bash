# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What bash offers when Tab is pressed in a command line of monitor(1) or work(1).
#
# The options, and which of them have an argument, are read from the program's --help. What can
# stand for an argument is chosen by its name there, as FILE in --output=FILE; a name in small
# letters is the argument itself. So an option that is new is completed without a change here.
#
# It needs nothing but bash. Where the package bash-completion is installed, it loads this by
# the program's name, and completes the COMMAND of monitor.

# _mp3_options PROGRAM - a line an option: its short name, its long name, that of its argument,
# "-" for what it has not, and what the line says of it
_mp3_options() {
	local line
	while IFS= read -r line; do
		[[ $line =~ ^' '+(-[A-Za-z])?(', ')?(--[a-z][a-z-]*)?('[='|[= ])?([A-Za-z]+)?(.*) ]] || continue
		[ -z "${BASH_REMATCH[1]}${BASH_REMATCH[3]}" ] ||
			echo "${BASH_REMATCH[1]:--} ${BASH_REMATCH[3]:--} ${BASH_REMATCH[5]:--} ${BASH_REMATCH[6]}"
	done < <("${1/#'~/'/$HOME/}" --help 2> /dev/null)
}

# _mp3_argument LONG NAME WORD SAID - completes WORD, the argument NAME of the option LONG, of which
# --help has SAID
_mp3_argument() {
	local list='' word=$3 name cgroups=/sys/fs/cgroup/
	case $1=$2 in
	--pid=* | *=PID* | --comm=* | *=COMM* | *=NAME*) list=${3%"${3##*,}"} word=${3##*,} ;;
	esac
	case $1=$2 in
	--pid=* | *=PID*) mapfile -t COMPREPLY < <(cd /proc && compgen -P "$list" -W "$(echo [0-9]*)" -- "$word") ;;
	--comm=* | *=COMM* | *=NAME*)
		mapfile -t COMPREPLY < <(cat /proc/[0-9]*/comm 2> /dev/null | sort -u |
			while IFS= read -r name; do
				[[ $name != "$word"* ]] || printf '%s%q\n' "$list" "$name"
			done)
		;;
	--cgroup=* | *=CGROUP*)
		[[ $word != /* ]] || cgroups=''
		compopt -o nospace 2> /dev/null
		mapfile -t COMPREPLY < <(compgen -d -S / -- "$cgroups$word")
		COMPREPLY=("${COMPREPLY[@]#"$cgroups"}")
		;;
	# "by major, minor or pid", of a sort
	*=KEY*)
		[[ $4 =~ ([a-z]+, )+[a-z]+(' or '[a-z]+)? ]] || return
		name=${BASH_REMATCH[0]/ or /, }
		mapfile -t COMPREPLY < <(compgen -W "${name//,/}" -- "$word")
		;;
	*=[[:lower:]]*) mapfile -t COMPREPLY < <(compgen -W "$2" -- "$word") ;;
	--user=* | *=USER*) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
	--output=* | --device=* | --trace=* | *=FILE* | *=DEVICE* | *=PATH*)
		compopt -o filenames 2> /dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	*=PAGES) mapfile -t COMPREPLY < <(compgen -W "base system thp $(_mp3_huge_pages)" -- "$word") ;;
	esac
}

# _mp3_huge_pages - the sizes of those that can be set aside here
_mp3_huge_pages() {
	local kb
	for kb in /sys/kernel/mm/hugepages/hugepages-*kB; do
		kb=${kb##*-} kb=${kb%kB}
		[ "$kb" != '*' ] || continue
		if ((kb % 1048576 == 0)); then
			echo $((kb / 1048576))G
		elif ((kb % 1024 == 0)); then
			echo $((kb / 1024))M
		else
			echo "${kb}K"
		fi
	done
}

# _mp3_command FIRST - completes a command line that begins with word FIRST of this one
_mp3_command() {
	if declare -F _comp_command_offset > /dev/null; then
		_comp_command_offset "$1"
	elif declare -F _command_offset > /dev/null; then
		_command_offset "$1"
	elif ((COMP_CWORD == $1)); then
		mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}" | sort -u)
	else
		compopt -o filenames 2> /dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
	fi
}

# _mp3 PROGRAM WORD PREVIOUS
_mp3() {
	local short long argument said word i
	local cur=${COMP_WORDS[COMP_CWORD]} of='' given=0 words=()
	local -A long_of=() argument_of=() said_of=()
	COMPREPLY=()
	while read -r short long argument said; do
		for word in "$short" "$long"; do
			long_of[$word]=$long argument_of[$word]=$argument said_of[$word]=$said
		done
	done < <(_mp3_options "$1")

	# What stands before the word: of is the option that it is the argument of, given how many
	# arguments belong to no option. "=" is a word of its own.
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [ "$word" = = ]; then
			of=${COMP_WORDS[i - 1]}
		elif [ "$of" ]; then
			of=''
		elif [ "$word" = -- ]; then
			_mp3_command $((i + 1))
			return
		elif [[ $word != -* ]]; then
			given=$((given + 1))
		elif [ "${argument_of[$word]:--}" != - ]; then
			of=$word
		fi
	done
	[ "$cur" != = ] || cur=''

	if [ "$of" ]; then
		_mp3_argument "${long_of[$of]-}" "${argument_of[$of]-}" "$cur" "${said_of[$of]-}"
	elif [[ $cur == -* ]]; then
		words=()
		for word in "${!argument_of[@]}"; do
			case $word,${argument_of[$word]} in
			-,*) ;;
			--*,- | -?,*) words+=("$word") ;;
			*) words+=("$word=") ;;
			esac
		done
		mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$cur" | sort)
		[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2> /dev/null
	elif [[ ${1##*/} = work && $given = 1 ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'R L' -- "$cur")
	fi
	return 0
}

complete -F _mp3 monitor work
