# shellcheck shell=bash
# Processes that a test begins, and that another shell ends: bats runs each test in one of its own. DIR/pid/NAME is which
# process it is, DIR/log/NAME.out what it says.

# How long may anything take, in seconds? For a host that is very busy.
patience=${patience:-180}

# begin_process DIR NAME COMMAND... - in the background; without what bats waits for
begin_process() {
	(
		exec > "$1/log/$2.out" 2>&1 < /dev/null 3>&- 4>&- || exit
		cd / || exit
		exec "${@:3}"
	) &
	echo "$! $(process_born $!)" > "$1/pid/$2"
	disown $!
}

# process_born PID - when, by the kernel's clock: the number alone may be another process's later
process_born() { sed 's/.*) //' "/proc/$1/stat" 2> /dev/null | cut -d ' ' -f 20; }

# process_of DIR NAME - of what was begun, if it still runs
process_of() {
	local pid born
	{ read -r pid born < "$1/pid/$2"; } 2> /dev/null || return
	[ "$born" ] && [ "$(process_born "$pid")" = "$born" ] || return
	! processes_gone "$pid" || return
	echo "$pid"
}

# processes_inside PID - what has been begun by PID, and by these; in a PID namespace, none gets away from its first one
processes_inside() {
	local child
	cat "/proc/$1/task/"*/children 2> /dev/null | tr ' ' '\n' | while read -r child; do
		echo "$child"
		processes_inside "$child"
	done
}

# end_process DIR NAME - kills it, and what it has begun, and waits until it is gone. The first child is killed first:
# where it is the first process of a PID namespace, all others end with it.
end_process() {
	local pid pids
	if pid=$(process_of "$1" "$2"); then
		mapfile -t pids < <(processes_inside "$pid"; echo "$pid")
		kill -KILL "${pids[@]}" 2> /dev/null || true
		wait_for processes_gone "${pids[@]}" || return
	fi
	rm -f "$1/pid/$2"
}

# processes_gone PID... - or dead, and not waited for
processes_gone() {
	local pid
	for pid; do
		[ ! -e "/proc/$pid" ] || grep -q -s '^State:.*Z' "/proc/$pid/status" || return 1
	done
}

# wait_for COMMAND... - until it succeeds, but not for ever
wait_for() {
	local end=$((SECONDS + patience))
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "never: $*" >&2; return 1; }
		sleep 0.1
	done
}
