#!/usr/bin/env bats
# verify: results that are run again are the same; and they are the same however, wherever
# and by whomever they are run. In a copy of the tree, with a run that swaps for a while.

load helpers

setup_file() {
	export tree=$BATS_FILE_TMPDIR/tree
	copy_tree "$tree"
	cd "$tree" || return
	make -s MEM=192 SWAP=ssd:256 N=1 case3 2>&3
}

setup() { cd "$tree" || return; }

variant=sim-6.1-ssd256-mem192
result=results/$variant/profile3-1

# copy_tree DIR - the sources, and the kernel, which need not be fetched again
copy_tree() {
	mkdir -p "$1/build/kernel" "$1/results"
	"$ROOT/experiments/kernel"
	cp -a "$ROOT/build/kernel/6.1" "$1/build/kernel"
	cp -r "$ROOT"/Makefile "$ROOT"/mp3 "$ROOT"/experiments "$ROOT"/plots "$1"
	make -s -C "$1/mp3" clean
}

# again TREE OUT - the same run, in that tree, without verify's words
again() {
	cd "$1" && experiments/lab -m sim -M 192 -S ssd:256 -o "$2" -f experiments/profile \
		-f experiments/case3 -- ./case3 1 2>&3
}

# identical OUT - to the results of setup_file, in every file and in what went in
identical() {
	for file in "$tree/$result".*; do
		case $file in
		*.data | *.work | *.gz | *.counters.tsv) cmp "$file" "$1/${file##*/}" ;;
		*.meta.tsv) cmp "$file" "$1/meta.tsv" ;;
		esac || fail "$file differs"
	done
	[ "$(find "$1" -type f | wc -l)" = 5 ]
}

@test "the run swaps, so there is something to repeat" {
	[ "$(awk '{ n += $3 } END { print n }' $result.data)" -gt 10000 ]
}

@test "a result that is run again is the same, and verify says of how many bytes" {
	run -0 make -s verify RUNS=$variant/profile3-1
	bytes=$(cat $result.data $result.work $result.records.tsv.gz $result.counters.tsv $result.meta.tsv | wc -c)
	assert_output "verify: $variant/profile3-1: the same, $bytes bytes in 5 files"
}

@test "one digit that is not the same is a failure, with the first sample that differs" {
	cp $result.data kept
	awk 'NR == 20 { $2++; was = $0 } { print } END { print was > "line" }' kept > $result.data
	run ! make -s verify RUNS=$variant/profile3-1
	assert_line "verify: $variant/profile3-1: profile3-1.data differs from line 20 on"
	assert_line "verify: 	was: $(cat line)"
	assert_line "verify: 	is:  $(sed -n 20p kept)"
	mv kept $result.data
}

@test "other inputs are named, and then the numbers are compared within a tolerance" {
	cp $result.meta.tsv kept
	sed -i '/^work_sha256/s/\t.*/\tanother/' $result.meta.tsv
	run -0 make -s verify RUNS=$variant/profile3-1
	assert_line "verify: $variant/profile3-1: not the same went in:"
	assert_line "verify: 	was: work_sha256	another"
	assert_line --regexp '^verify: .*profile3-1: touches was 200000, is 200000: \+0\.0%, tolerance none$'
	assert_line --regexp '^verify: .*profile3-1: major was ([0-9]+), is [0-9]+: \+0\.0%, tolerance \+100%, -50%$'
	refute_output --partial "TOO FAR"
	# half as many seconds of a second profile: 2.5 times as long is too long
	cp $result.data kept.data
	awk '{ if (NR == 1) first = $1; $1 = sprintf("%.0f", first + int(($1 - first) * 2.5)); print }' kept.data > $result.data
	run ! make -s verify RUNS=$variant/profile3-1
	assert_output --regexp 'seconds was .*: -60\.[0-9]%, tolerance \+100%, -50%: TOO FAR'
	mv kept.data $result.data
	mv kept $result.meta.tsv
}

@test "a result that is not there, or a run without a case, is one clear line" {
	run ! make -s verify RUNS=$variant/profile3-2
	assert_line "verify: results/$variant/profile3-2.meta.tsv is not there"
	run -2 experiments/verify
	assert_line --partial "experiments/verify RESULT DIR"
}

@test "two runs side by side, with both cores busy, are the same" {
	for _ in 1 2; do
		( while :; do :; done ) 3>&- &
		busy="${busy:-} $!"
	done
	again "$tree" "$BATS_TEST_TMPDIR/one" & one=$!
	again "$tree" "$BATS_TEST_TMPDIR/two" & two=$!
	wait $one
	wait $two
	# shellcheck disable=SC2086 # a list
	kill $busy
	identical "$BATS_TEST_TMPDIR/one"
	identical "$BATS_TEST_TMPDIR/two"
}

@test "a run in another directory is the same" {
	copy_tree "$BATS_TEST_TMPDIR/another-place"
	again "$BATS_TEST_TMPDIR/another-place" "$BATS_TEST_TMPDIR/out"
	identical "$BATS_TEST_TMPDIR/out"
}

@test "a run of another user, with another umask, is the same" {
	[ "$(id -u)" = 0 ] || skip "only root can become somebody else"
	place=$(mktemp -d /tmp/verify.XXXXXX)
	copy_tree "$place/tree"
	chown -R nobody "$place"
	run -0 runuser -u nobody -- sh -c "umask 077 && cd '$place/tree' && HOME=/nonexistent \
		experiments/lab -m sim -M 192 -S ssd:256 -o '$place/out' -f experiments/profile \
		-f experiments/case3 -- ./case3 1"
	identical "$place/out"
	rm -rf "$place"
}

@test "a run in another time zone and locale, with a date in the environment, is the same" {
	export TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 LANG=tr_TR.UTF-8 SOURCE_DATE_EPOCH=1
	rm -rf "$tree/build/mp3"	# the module and the tools are built then, too
	again "$tree" "$BATS_TEST_TMPDIR/zone"
	identical "$BATS_TEST_TMPDIR/zone"
}

@test "a machine that is stopped in the middle, and goes on, is the same" {
	again "$tree" "$BATS_TEST_TMPDIR/out" & lab=$!
	stopped=0
	while kill -0 $lab 2> /dev/null; do
		sleep 2
		machine=$(pgrep -P "$(pgrep -P $lab | head -n 1)" -x qemu-system-x86 2> /dev/null || true)
		[ "$machine" ] || continue
		kill -STOP "$machine"
		sleep 1.5
		kill -CONT "$machine"
		stopped=$((stopped + 1))
	done
	wait $lab
	[ $stopped -ge 2 ]
	identical "$BATS_TEST_TMPDIR/out"
}
