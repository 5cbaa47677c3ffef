#!/usr/bin/env bats
# A run that thrashes for a while is the same, to the byte: however, wherever and by whomever it
# is run, and whatever the host does meanwhile. In copies of the tree.

load ../helpers
load ../lib/tree

row=sim-6.1-192-ssd256-1/swaps

setup_file() {
	export tree=$BATS_FILE_TMPDIR/tree
	scratch_tree "$tree" "$ROOT/bats/lib/swaps"
	cd "$tree" || return
	make -s swaps 2>&3
}

setup() { cd "$tree" || return; }

# again TREE OUT - the same run, in that tree
again() { (cd "$1" && make -s build/reduce && experiments/run -o "$2" $row 2>&3); }

# identical OUT - to the run of setup_file, in every file and in what went in
identical() { diff -r "$tree/build/rows/$row" "$1"; }

@test "two runs side by side, with both cores busy, are the same" {
	loops=()
	for _ in 1 2 3 4; do
		( while :; do :; done ) 3>&- &
		loops+=($!)
	done
	again "$tree" "$BATS_TEST_TMPDIR/one" & one=$!
	again "$tree" "$BATS_TEST_TMPDIR/two" & two=$!
	wait $one
	wait $two
	kill "${loops[@]}"
	identical "$BATS_TEST_TMPDIR/one"
	identical "$BATS_TEST_TMPDIR/two"
}

@test "a run in another directory, with all built anew, is the same" {
	scratch_tree "$BATS_TEST_TMPDIR/another-place" "$ROOT/bats/lib/swaps"
	again "$BATS_TEST_TMPDIR/another-place" "$BATS_TEST_TMPDIR/out"
	identical "$BATS_TEST_TMPDIR/out"
}

@test "a run of another user, with another umask, time zone and locale, is the same" {
	[ "$(id -u)" = 0 ] || skip "only root can become somebody else"
	place=$(mktemp -d /tmp/repeat.XXXXXX)
	scratch_tree "$place/tree" "$ROOT/bats/lib/swaps"
	chown -R nobody "$place"
	run -0 runuser -u nobody -- env HOME=/nonexistent TZ=Pacific/Kiritimati LANG=tr_TR.UTF-8 SOURCE_DATE_EPOCH=1 \
		sh -c "umask 077 && cd '$place/tree' && make -s build/reduce && experiments/run -o '$place/out' $row"
	identical "$place/out"
	rm -rf "$place"
}

@test "a machine that is stopped in the middle, and goes on, is the same" {
	setsid bash -c "cd '$tree' && exec experiments/run -o '$BATS_TEST_TMPDIR/out' $row" 2>&3 & run=$!
	stopped=0
	while kill -0 $run 2> /dev/null; do
		# not one that is only asked for its version
		machine=$(pgrep -g $run -f 'qemu-system.* -initrd ' || true)
		{ [ "$machine" ] && kill -STOP "$machine" 2> /dev/null; } || continue
		sleep 0.5
		# it may have given its verdict, and have been ended
		kill -CONT "$machine" 2> /dev/null || true
		stopped=$((stopped + 1))
		sleep 0.5
	done
	wait $run
	[ $stopped -ge 2 ]
	identical "$BATS_TEST_TMPDIR/out"
}
