#!/usr/bin/env bats
# bats file_tags=guest
# profile: what a case leaves behind, and that it fails when something is missing.
# In one guest, which profile-guest keeps busy.

load helpers

setup_file() {
	export seen=$BATS_FILE_TMPDIR/seen
	"$ROOT/experiments/lab" -m sim -S none -o "$seen" -f "$ROOT/bats/profile-guest" -- \
		./profile profile-guest 2>&3
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
	assert_output 'profile: nobody: nothing was registered'
}

@test "a command that does not register itself, though the case says so, is ended with advice" {
	assert_equal "$(cat never.status)" 1
	run -0 cat never.stderr
	assert_output --regexp '^profile: never: nothing was registered in 10 s: .* take registers=itself out'
	assert_equal "${#lines[@]}" 1
	run ! ls never.data never.work
	assert_equal "$(cat sleepers)" 0
}

@test "any command is registered with what it forks, and says its words itself" {
	assert_equal "$(cat tree.status)" 3
	assert_equal "$(head -n 1 tree.stderr)" words
	assert_equal "$(records tree | cut -f 3 | sort -u | wc -l)" 3	# sh, dd, work
	# dd's buffer of 8 MB is in its peak
	run -0 awk '$12 == "dd" && $11 > 8192 { print "dd" }' <(records tree)
	assert_output dd
	run -0 wc -c < tree.work
	assert_output 0
}

@test "a function is registered, too" {
	assert_equal "$(cat function.status)" 0
	assert_equal "$(records function | cut -f 3 | sort -u | wc -l)" 3	# the function, work, dd
	run -0 cat function.stderr
	assert_line 'words of a script'
	assert_line --partial 'work: pid='
}

@test "NAME.work holds reports of work only, the rest is on stderr" {
	run -0 grep -c . mixed.work
	assert_output 1
	run -0 grep -c '^work: pid=' mixed.work
	assert_output 1
	run -0 cat mixed.stderr
	assert_line 'words of a script'
}

@test "a profile without its records fails, and so does one without its samples" {
	for missing in records samples; do
		assert_equal "$(cat no-$missing.status)" 1
		run -0 grep profile: no-$missing.stderr
		assert_output "profile: no-$missing: the $missing could not be read"
	done
	assert_equal "$(cat no-file.status)" 1
	run -0 grep '^profile:' no-file.stderr
	assert_output "profile: no-file: the records could not be compressed"
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
