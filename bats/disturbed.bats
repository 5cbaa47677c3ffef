#!/usr/bin/env bats
# The sampler and the module, disturbed: in a guest in virtual time, where a period is as long
# as the kernel makes it, and in one with four CPUs. disturbed-guest disturbs.

# bats file_tags=guest

load helpers

setup_file() {
	"$ROOT/experiments/lab" -m tcg -c 4 -M 256 -S none -o "$BATS_FILE_TMPDIR/tcg" \
		-f "$BATS_TEST_DIRNAME/disturbed-guest" -f "$(program probe)" -f "$(program storm)" \
		-f "$(program fail)" -f "$(kernel_module delays)" -- \
		./disturbed-guest hotplug unload vain storm delays 2>&3
	seen=$(guest disturbed)
	ln -s "$seen" "$BATS_FILE_TMPDIR/sim"
}

setup() { cd "$BATS_FILE_TMPDIR" || return; }

# The columns of `probe records`: 1 sequence, 2 time_ns, 3 period_ns

# joined FILE - each period begins where the last one ended, and has a length
joined() {
	run -0 awk '$3 <= 0 || n++ && ($2 - $3 != last || $1 <= sequence) { print }
		{ last = $2; sequence = $1 } END { if (n < 20) print n " records" }' "$1.records"
	assert_output ""
}

# once FILE - no sample is there twice: the time grows. Two are of the same tick only if the first of
# them was late, or the second one is the last, which is taken when the process is unregistered.
once() {
	run -0 awk 'again { print again } { again = "" } $1 < last { print }
		n++ && $1 == last && gap <= 13 { again = $0 }
		{ gap = $1 - last; last = $1 } END { if (n < 20) print n " samples" }' "$1.data"
	assert_output ""
}

# steady FILE - no sample is late by a tick
steady() {
	joined "$1"
	once "$1"
	on_time "$1.records" 20
}

@test "the rate is the same while every process is stopped" {
	steady sim/stop
	# five seconds and a little, 40 rounds of some milliseconds, and the starts of programs
	assert [ "$(wc -l < sim/stop.data)" -ge 100 ]
}

@test "the rate is the same when the calendar's clock is set, forth and back by years" {
	steady sim/clock
}

@test "the rate is the same when the lower half of jiffies wraps, five minutes after boot" {
	steady sim/wrap
	run -0 awk '$1 < 2 ^ 32 { before = 1 } $1 > 2 ^ 32 { after = 1 } END { print before, after }' sim/wrap.data
	assert_output "1 1"
}

@test "when CPUs go and come, no period is negative, no sample is there twice, and the rate recovers" {
	joined tcg/hotplug
	once tcg/hotplug
	assert_equal "$(cat tcg/hotplug)" 4
	# In the last five seconds are 100 deadlines. This machine's clock is the host's, who may
	# let it miss some, but not every other one.
	run -0 awk '{ time[NR] = $1 } END { for (i = NR - 1; time[NR] - time[i] < 1250; i--) {
			n++; due += time[i + 1] - time[i] ~ /^1[1-4]$/ }
		print n " samples, " due " when due"; exit !(n <= 102 && due > n / 2) }' tcg/hotplug.data
}

@test "the module goes with processes registered, in mid-sample and amid commands, and leaves nothing" {
	for machine in sim tcg; do
		assert_equal "$machine: $(sed 's/  */ /g' $machine/unload)" \
			"$machine: $(printf ' 10 gone\n 10 held refused Resource temporarily unavailable')"
	done
}

@test "a load that fails offers nothing to those who open all the while, and crashes nothing" {
	cat tcg/vain
	assert_equal "$(grep -c '^loads=[1-9][0-9]* opened=0$' tcg/vain)" 3
}

# value FILE NAME - of NAME=VALUE there
value() { grep -o "\b$2=[0-9]*" "$1" | sed 's/.*=//'; }

# exact FILE - what a storm left
exact() {
	cat "$1"
	assert [ "$(value "$1" trees)" -ge 20 ]
	assert_equal "$(value "$1" wrong)" 0
	assert_equal "$(value "$1" recorded_minor)" "$(value "$1" minor)"
	assert_equal "$(value "$1" recorded_major)" "$(value "$1" major)"
	assert_equal "$(value "$1" sampled_minor)" $(($(value "$1" recorded_minor) + $(value "$1" sentinel_minor)))
	assert_equal "$(value "$1" sampled_major)" "$(value "$1" recorded_major)"
	assert_equal "$(value "$1" left)" 0
}

@test "while threads fault, exit and execute programs on four CPUs, each fault is in a record and in a sample, once" {
	exact tcg/storm
}

@test "the same holds, and samples go on, when everybody is held up for milliseconds amid all that he does" {
	! grep "no kprobes" tcg/delays || skip "this kernel has no kprobes"
	exact tcg/delays
	assert [ "$(value tcg/delays held_up)" -ge 500 ]
	# a sample passes some hundred of the places; and the host may take the CPU away
	assert [ "$(value tcg/delays longest_ms)" -lt 1000 ]
}
