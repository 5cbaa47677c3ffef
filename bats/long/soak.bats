#!/usr/bin/env bats
# Hours of virtual time, while processes come and go: one, or as many as `make soak` asks for.

# bats file_tags=guest

load ../helpers

setup_file() {
	export seen=$BATS_FILE_TMPDIR/seen HOURS="${HOURS:-1}"
	"$ROOT/experiments/lab" -m sim -M 256 -S none -o "$seen" \
		-f "$BATS_TEST_DIRNAME/soak-guest" -f "$(program probe)" -- \
		./soak-guest "$HOURS" 2>&3
}

setup() { cd "$seen" || return; }

value() { awk -v k="$1" '$1 == k { print $2 }' samples; }

@test "an hour is 72,000 samples, and a day 1,728,000: none is lost" {
	# and one that finds the process dead
	assert_equal "$(value samples)" $((HOURS * 3600 * 20 + 1))
	assert_equal "$(cat said)" "monitor: $(value samples) samples"
}

@test "the rate is 20 Hz: the last sample is taken in the tick in which it is due" {
	# at 250 ticks a second; a deadline may lie in the midst of a tick, or at its end
	off=$(($(value last) - $(value first) - HOURS * 3600 * 250))
	echo "$off ticks off"
	assert [ "$off" -ge -1 ]
	assert [ "$off" -le 1 ]
	# 12.5 ticks are 12 and 13 by turns
	run -0 awk '$1 == "gap" { print $2 }' samples
	assert_equal "$(echo "$output" | sort | paste -sd ' ')" "12 13"
}

@test "the kernel's memory is where it began" {
	run -0 expr "$(cat after)" - "$(cat before)"
	# pages that the allocators have in hand
	assert [ "$output" -le 512 ]
	assert_equal "$(cat left)" 0
}
