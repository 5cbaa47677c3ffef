#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# multiprogramming.sh - run N copies of the workload at once.
#
#	[SEED=RUN] sh multiprogramming.sh [N]
#
# N is the multiprogramming level, 5 unless given. Copy i of 1 to N gets the
# seed 100 RUN + i (RUN is 0 unless given), so no two copies touch the same
# pages in step, nor do two runs with different RUN.
#
# Exit status: 0 all copies succeeded, 1 one failed, 2 usage. A signal ends the
# copies, too, waits for them, and then this script.
set -eu

work=$(dirname "$0")/work
running=			# pids, a blank behind each
failed=0

usage() {
	echo "Usage: [SEED=RUN] sh multiprogramming.sh [N]" >&2
	exit 2
}

# Six digits are plenty, and no shell takes them for octal or overflows.
require_integer() {
	case $2 in
	'' | *[!0-9]* | 0?* | ???????*)
		echo "multiprogramming: $1: '$2' is not an integer from $3 to 999999" >&2
		usage
		;;
	esac
	if [ "$2" -lt "$3" ]; then
		echo "multiprogramming: $1: '$2' is less than $3" >&2
		usage
	fi
}

# SIGTERM whatever the signal: a shell has its background jobs ignore SIGINT.
# shellcheck disable=SC2317 # called by the traps
stop() {
	trap '' HUP INT TERM
	for pid in $running; do
		kill -TERM "$pid" 2>/dev/null || :
	done
	wait
	trap - "$1"
	kill -s "$1" $$
}

start_copies() {
	copy=0
	while [ "$copy" -lt "$1" ]; do
		copy=$((copy + 1))
		nice "$work" -s $((run * 100 + copy)) 200 R 10000 &
		running="$running$! "
	done
}

wait_for_copies() {
	while [ -n "$running" ]; do
		wait "${running%% *}" || failed=1
		running=${running#* }
	done
}

[ $# -le 1 ] || usage
case ${1-} in
-h | --help)
	echo "Usage: [SEED=RUN] sh multiprogramming.sh [N]"
	echo "Run N (5) copies of 'work 200 R 10000' at once, with seeds from 100 RUN + 1 (RUN is 0)."
	exit 0
	;;
esac
level=${1-5}
run=${SEED:-0}
require_integer N "$level" 1
require_integer SEED "$run" 0

if ! [ -x "$work" ]; then
	echo "multiprogramming: $work: not built yet" >&2
	exit 1
fi
trap 'stop HUP' HUP
trap 'stop INT' INT
trap 'stop TERM' TERM
start_copies "$level"
wait_for_copies
exit "$failed"
