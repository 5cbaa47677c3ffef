#!/usr/bin/env bats
# bats file_tags=guest
# verify: results that are run again are the same, in every file, or the difference is named. In
# a copy of the tree, with a run that swaps for a while.

load helpers
load lib/tree

row=sim-6.1-192-ssd256-1/swaps
result=results/$row

setup_file() {
	export tree=$BATS_FILE_TMPDIR/tree
	scratch_tree "$tree" "$ROOT/bats/lib/swaps"
	cd "$tree" || return
	make -s swaps build/tabulate 2>&3
}

setup() { cd "$tree" || return; }

teardown() {
	# as it was
	[ ! -e "$BATS_TEST_TMPDIR/kept" ] || cp -r "$BATS_TEST_TMPDIR/kept/." $result
}

keep() { cp -r $result "$BATS_TEST_TMPDIR/kept"; }

majors() { awk '{ n += $3 } END { print n }' $result/swaps.data; }

# busy COMMAND... - with both cores busy
busy() {
	local loops=() pid
	for _ in 1 2 3 4; do
		( while :; do :; done ) 3>&- &
		loops+=($!)
	done
	"$@" || fail "$*: status $?"
	for pid in "${loops[@]}"; do kill "$pid"; done
}

@test "the run swaps, so there is something to repeat" {
	[ "$(majors)" -gt 5000 ]
}

@test "a result that is run again with both cores busy is the same, and verify says of how much" {
	run -0 busy make -s verify RUNS=$row
	bytes=$(cat build/rows/$row/* | wc -c)
	assert_output "verify: $row: the same, $bytes bytes in 9 files, $(majors) major faults"
}

@test "one digit that is not the same is a failure, with the first sample that differs" {
	keep
	awk 'NR == 20 { $2++ } { print }' "$BATS_TEST_TMPDIR/kept/swaps.data" > $result/swaps.data
	run ! make -s verify RUNS=$row
	assert_line "verify: $row: swaps.data differs from line 20 on"
	assert_line "verify: 	was: $(sed -n 20p $result/swaps.data)"
	assert_line "verify: 	is:  $(sed -n 20p "$BATS_TEST_TMPDIR/kept/swaps.data")"
	# a file that is known by its digest alone
	cp "$BATS_TEST_TMPDIR/kept/swaps.data" $result
	sed -i '/records/s/\t.*/\t0123/' $result/meta.tsv
	run ! make -s verify RUNS=$row
	assert_line --regexp "^verify: $row: swaps.records.tsv.gz differs: its digest was 0123, is [0-9a-f]{64}$"
}

@test "other inputs are named, and then the numbers are compared within a tolerance" {
	keep
	sed -i '/^work_sha256/s/\t.*/\tanother/' $result/meta.tsv
	# half as many seconds of a second profile: 2.5 times as long is too long
	awk '{ if (NR == 1) first = $1; $1 = sprintf("%.0f", first + int(($1 - first) * 2.5)); print }' \
		"$BATS_TEST_TMPDIR/kept/swaps.data" > $result/swaps.data
	run ! make -s verify RUNS=$row
	assert_line "verify: $row: not the same went in:"
	assert_line "verify: 	was: work_sha256	another"
	assert_line "verify: $row: swaps: touches was 80000, is 80000: +0.0%, tolerance none"
	assert_line "verify: $row: swaps: major was $(majors), is $(majors): +0.0%, tolerance +100%, -50%"
	assert_output --regexp 'seconds was .*: -(59|60)\.[0-9]%, tolerance \+100%, -50%: TOO FAR'
	assert_equal "$(grep -c 'TOO FAR' <<< "$output")" 1
}

@test "a result that is not there, or a row that is none, is one clear line" {
	run ! make -s verify RUNS=sim-6.1-192-ssd256-2/swaps
	assert_line "verify: results/sim-6.1-192-ssd256-2/swaps/meta.tsv is not there"
	run ! make -s verify RUNS=nothing
	assert_line --partial "no such case: nothing"
	run -2 experiments/verify
	assert_output "usage: experiments/verify [-a [-1]] ROW"
}
