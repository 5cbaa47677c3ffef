#!/usr/bin/env bats
# perf stat, an independent counter of the same faults, beside the records. perf counts
# what a process takes by itself from its exec on; the kernel's faults on its behalf
# (get_user_pages: exec's arguments, mlock, MAP_POPULATE) are no perf events, but they
# are in the process's min_flt, and so in the records. In one guest, see perf-guest.

# bats file_tags=guest

load helpers

setup_file() { export seen; seen=$(guest perf); }

setup() { cd "$seen" || return; }

# perfs NAME major|minor - what perf counted
perfs() { awk -F , -v event="$2-faults" '$3 == event { print $1 }' "$1.perf"; }

# recorded NAME major|minor COMMAND - the sum of its records
recorded() {
	awk -F '\t' -v column="$2" -v command="$3" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		$at["command"] == command { n += $at[column] } END { print n + 0 }' "$1.records"
}

# more NAME COMMAND - how many minor faults were recorded beyond perf's
more() { echo $(($(recorded "$1" minor "$2") - $(perfs "$1" minor))); }

@test "under thrashing, perf counts the major faults that are recorded" {
	assert_equal "$(perfs thrash major)" "$(recorded thrash major work)"
	assert [ "$(perfs thrash major)" -gt 10000 ]
}

@test "perf counts all minor faults but the few before the first instruction" {
	for run in nothing:true touch:work thrash:work; do
		run -0 more ${run%:*} ${run#*:}
		# some 40 with the perf of Linux 6.1, 7 with that of 6.12
		assert [ "$output" -ge 1 ]
		assert [ "$output" -le 60 ]
	done
	# the few are few beside these
	assert [ "$(perfs thrash minor)" -gt 60000 ]
}

# 8 MiB are 2,048 pages. `touch` shows what there is without them.
@test "perf lacks the pages that the kernel populates, the records do not" {
	run -0 expr "$(more populate probe)" - "$(more touch work)"
	assert [ "$output" -ge 2038 ]
	assert [ "$output" -le 2058 ]
}
