#!/usr/bin/env bats
# The sampler and the module, disturbed: in a guest in virtual time, where a period is as long
# as the kernel makes it, and in one with four CPUs. disturbed-guest disturbs.

load helpers

setup_file() {
	export seen=$BATS_FILE_TMPDIR/seen
	cc -std=gnu11 -O2 -Wall -Wextra -o "$BATS_FILE_TMPDIR/probe" "$BATS_TEST_DIRNAME/probe.c" -pthread
	machine sim stop clock wrap unload
	machine tcg -c 4 -- hotplug unload
}

# machine MACHINE [OPTION... --] DISTURBANCE...
machine() {
	options=''
	if [ "$2" = -c ]; then options="$2 $3"; set -- "$1" "${@:5}"; fi
	# shellcheck disable=SC2086 # a list of words
	"$ROOT/experiments/lab" -m "$1" $options -M 256 -S none -o "$seen/$1" \
		-f "$BATS_TEST_DIRNAME/disturbed-guest" -f "$BATS_FILE_TMPDIR/probe" -- \
		./disturbed-guest "${@:2}" 2>&3
}

setup() { cd "$seen" || return; }

# The columns of `probe records`: 1 sequence, 2 time_ns, 3 period_ns

# joined FILE - each period begins where the last one ended, and has a length
joined() {
	run -0 awk '$3 <= 0 || n++ && ($2 - $3 != last || $1 <= sequence) { print }
		{ last = $2; sequence = $1 } END { if (n < 20) print n " records" }' "$1.records"
	assert_output ""
}

# once FILE - no sample is there twice: the time grows. Only the last one, which is taken when
# the process is unregistered, may be of the same tick as the one before.
once() {
	run -0 awk 'again { print again } { again = "" } $1 < last { print } n++ && $1 == last { again = $0 }
		{ last = $1 } END { if (n < 20) print n " samples" }' "$1.data"
	assert_output ""
}

# steady FILE - no sample is more than a tick from its deadline: 12 or 13 ticks of 4 ms apart.
# The last one is taken when the process is unregistered. In a slow kernel it may be five ticks.
steady() {
	ticks=1
	! slow_kernel || ticks=5
	joined "$1"
	once "$1"
	run -0 awk -v ticks=$ticks 'NR > 2 && (gap < 13 - ticks || gap > 12 + ticks) {
			print "a gap of " gap " before " last }
		NR > 1 { gap = $1 - last } { last = $1 }' "$1.data"
	assert_output ""
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
	# the last five seconds: 100 samples, if the host lets them be taken in time
	run -0 awk '{ time[NR] = $1 } END { for (i = NR; time[NR] - time[i] < 1250; i--) n++; print n }' tcg/hotplug.data
	assert [ "$output" -ge 90 ]
	assert [ "$output" -le 102 ]
}

@test "the module goes with processes registered, in mid-sample and amid commands, and leaves nothing" {
	for machine in sim tcg; do
		assert_equal "$machine: $(sed 's/  */ /g' $machine/unload)" \
			"$machine: $(printf ' 10 gone\n 10 held refused Resource temporarily unavailable')"
	done
}
