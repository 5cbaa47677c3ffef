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

@test "the rate is 20 Hz: each sample is taken in the tick in which it is due, or in the next one" {
	# In ticks behind the first sample's deadline and 12.5 for each sample since then. These are
	# whole ticks and halves, of which all that are on time lie less than a tick apart: two
	# values. A deadline can lie at the very end of a tick, and what the kernel does without a
	# break can hold up a sample by less than a tick: two more. None comes before its deadline,
	# and none gives way to a deadline that has passed, or the rest would lie elsewhere.
	run awk '$1 == "behind" { print
			if (!n++) least = most = $2
			if ($2 < least) least = $2
			if ($2 > most) most = $2 }
		END { exit !(n >= 2 && most - least <= 1.5) }' samples
	echo "$output"
	assert_success
}

@test "the kernel's memory is where it began" {
	run -0 expr "$(cat after)" - "$(cat before)"
	# pages that the allocators have in hand
	assert [ "$output" -le 512 ]
	assert_equal "$(cat left)" 0
}
