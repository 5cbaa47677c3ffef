#!/usr/bin/env bats
# profile: what a case leaves behind, and that it fails when something is missing.
# In one guest, which profile-guest keeps busy.

load helpers

setup_file() {
	export seen=$BATS_FILE_TMPDIR/seen
	"$BATS_TEST_DIRNAME/../experiments/lab" -m sim -S none -o "$seen" \
		-f "$BATS_TEST_DIRNAME/../experiments/profile" \
		-f "$BATS_TEST_DIRNAME/profile-guest" -- ./profile-guest 2>&3
}

setup() { cd "$seen" || return; }

# records NAME - its records, without the header row
records() { gzip -dc "$1.records.tsv.gz" | tail -n +2; }

# pids NAME - as the processes report them
pids() { sed 's/.*pid=\([0-9]*\) .*/\1/' "$1.work" | sort; }

@test "a profile has samples, records and reports, and leaves nothing else" {
	assert_equal "$(cat first.status)" 0
	run -0 echo first.*
	assert_output 'first.counters.tsv first.data first.records.tsv.gz first.status first.stderr first.work'
	assert_equal "$(wc -l < first.work)" 2
}

@test "the records are of the processes that report, each from its first to its last" {
	assert_equal "$(records first | cut -f 3 | sort -u)" "$(pids first)"
	assert_equal "$(records first | cut -f 5 | grep -c f)" 2
	assert_equal "$(records first | cut -f 5 | grep -c l)" 2
}

@test "the records have the faults of the samples" {
	assert_equal "$(records first | awk '{ minor += $6; major += $7 } END { print minor, major }')" \
		"$(awk '{ minor += $2; major += $3 } END { print minor, major }' first.data)"
}

@test "a second profile in the same machine has nothing of the first" {
	assert_equal "$(cat second.status)" 0
	assert_equal "$(records second | cut -f 3 | sort -u)" "$(pids second)"
	assert_equal "$(gzip -dc second.records.tsv.gz | head -n 1)" \
		"$(gzip -dc first.records.tsv.gz | head -n 1)"
	assert_equal "$(gzip -dc second.records.tsv.gz | grep -c time_ns)" 1
	assert [ "$(pids first)" != "$(pids second)" ]
}

@test "the status of the command is the profile's" {
	assert_equal "$(cat failing.status)" 7
	run ! grep profile: failing.stderr
	assert_equal "$(records failing | cut -f 3 | sort -u)" "$(pids failing)"
}

@test "a profile of nobody fails" {
	assert_equal "$(cat nobody.status)" 1
	run -0 grep profile: nobody.stderr
	assert_output 'profile: nothing was registered'
}

@test "a profile without its records fails, and so does one without its samples" {
	for missing in records samples; do
		assert_equal "$(cat no-$missing.status)" 1
		run -0 grep profile: no-$missing.stderr
		assert_output "profile: the $missing could not be read"
	done
	assert_equal "$(cat no-file.status)" 1
	run -0 grep profile: no-file.stderr
	assert_output "profile: the records could not be compressed"
}

@test "the machine's own counters are taken before and after" {
	run -0 cut -f 1 first.counters.tsv
	assert_line --index 0 counter
	assert_line majors
	assert_line pgmajfault
	# each process is in the sum of all
	run -0 awk 'NR > 1 && $3 < $2 { print } $1 == "pgfault" { print ($3 - $2 >= faults) }' \
		faults="$(records first | awk '{ n += $6 + $7 } END { print n }')" first.counters.tsv
	assert_output 1
}
