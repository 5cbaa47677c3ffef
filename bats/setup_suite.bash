# shellcheck shell=bash
# What comes before all files of tests: a clean environment, and the machines that they share.
#
# NAME-guest is a script that finds out, in a guest, what NAME.bats wants to know. Its head says
# in which machine that is, and which files it has beside it:
#
#	# machine: 1
#	# with: probe /lib/terminfo/s/screen
#
# All of one machine run there one after the other (see lib/in-turn), so it is booted once. The
# machines begin here, beside the files of tests, which wait for theirs (see helpers.bash: guest).

# Of the user's environment: what finds and fetches programs, kernels and packages, what bats says
# to itself, and the knobs of the tests. No knob of the experiments: tests set their own. But the
# machines that they share are what MACHINE and CPUS say.
keep='PATH|HOME|SHELL|TERM|TMPDIR|QEMU|DEBIAN_MIRROR|DEBIAN_KEYRING|AUTO_DEPS|*_proxy|BATS_*|KERNEL|OPERATIONS|HOURS|SEED'

setup_suite() {
	local name guests number machine=${MACHINE:-sim} cpus=${CPUS-}
	# shellcheck disable=SC2034 # eval reads it
	for name in $(compgen -e); do
		eval "case \$name in $keep) ;; *) unset \"\$name\" ;; esac"
	done
	load "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/helpers"

	machines=()
	mapfile -t guests < <(guests_to_run)
	for number in 1 2; do
		begin_machine $number "${guests[@]}"
	done
}

# What is still running has nobody who waits for it: the tests were interrupted.
teardown_suite() {
	local machine
	for machine in "${machines[@]}"; do
		kill "$machine" 2> /dev/null || true
		wait "$machine" || true
	done
}

# guests_to_run - of the files of tests that bats was told to run, those that have a guest
guests_to_run() {
	local file
	# bats's own list; one that does not keep it there has all of them run
	{ cut -f 1 "$BATS_RUN_TMPDIR/test_list_file.txt" || ls "$ROOT"/bats/*.bats; } | sort -u | while read -r file; do
		file=$(basename "$file" .bats)
		[ ! -e "$ROOT/bats/$file-guest" ] || [ ! "$(guest_says "$file" machine)" ] || echo "$file"
	done
}

# path_of NAME - of a program, or of a file that lies where the system has it
path_of() {
	local directory
	command -v "$1" && return
	for directory in '' /etc /lib /usr/share; do
		[ ! -f "$directory/$1" ] || { echo "$directory/$1"; return; }
	done
	echo "$1"
}

# begin_machine NUMBER GUEST... - $machine with $cpus, or as many as it has, with those of the guests that run there
begin_machine() {
	local seen=$BATS_SUITE_TMPDIR/machine-$1 names=() files=() memory=256 guest file lock
	local IFS=$' \t\n'	# bats leaves a comma there when it filters tags
	for guest in "${@:2}"; do
		[ "$(guest_says "$guest" machine)" = "$1" ] || continue
		names+=("$guest")
		files+=(-f "$ROOT/bats/$guest-guest")
		for file in $(guest_says "$guest" with); do
			[ ! -e "$ROOT/bats/$file.c" ] || file=$(program "$file")
			files+=(-f "$(path_of "$file")")
		done
	done
	[ ${#names[@]} != 0 ] || return 0
	# One that checks itself would thrash for half an hour where it takes others some seconds.
	! slow_kernel || [ "$1" = 2 ] || memory=640
	# 500 processes have tables and stacks of larger pages there
	! large_pages || { [ "$1" = 2 ] && memory=300 || memory=384; }
	exec {lock}> "$seen.lock"
	flock "$lock"
	(
		status=0
		setpriv --pdeathsig TERM "$ROOT/experiments/lab" -m "$machine" ${cpus:+-c "$cpus"} -M $memory -S ssd:512 -t 7200 -o "$seen" \
			"${files[@]}" -f "$ROOT/bats/lib/in-turn" -- ./in-turn "${names[@]}" 2>&3 || status=$?
		echo $status > "$seen.status"
	) &
	machines+=($!)
	exec {lock}>&-
}
