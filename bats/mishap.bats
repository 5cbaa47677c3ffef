#!/usr/bin/env bats
# bats file_tags=guest
# shellcheck disable=SC2030,SC2031,SC2314 # each test is a subshell of its own
# What befalls the suite itself: a full disk, a make that is killed, two makes at once, a
# read-only results/. Each is a clear line, nothing half-written
# stays, and the next make is right: that is, its results are those of an undisturbed one.
#
# In a copy of the tree, with a lab that knows by heart what one real run left, and with programs
# that count how often they are called, and at the call that is asked for send a signal to all of
# the make. So every step of it can be met, without a word on what the steps are.

load helpers
load lib/tree

row=sim-6.1-192-none-1/tiny-1
set=sim-6.1-192-none-1/tiny-1
figure=plots/$set.levels.svg
table=results/$set.runs.tsv

setup_file() {
	export tree=$BATS_FILE_TMPDIR/tree kept=$BATS_FILE_TMPDIR/kept shims=$BATS_FILE_TMPDIR/shims
	tiny_case "$BATS_FILE_TMPDIR/tiny"
	scratch_tree "$tree" "$BATS_FILE_TMPDIR/tiny"
	cd "$tree" || return
	make -s N=1 tiny 2>&3
	mkdir "$kept"
	cp -r results plots "$kept"
	cp -r build/rows/$row memory
	by_heart
	make_shims
}

setup() { cd "$tree" || return; }

teardown() {
	rm -f "$tree/wait" "$shims/at"
	cd /
	[ ! "${mounted:-}" ] || umount "${mounted[@]}"
}

# by_heart - a lab in the place of the real one; it takes until ./wait is not there
by_heart() {
	sed '/^seconds	/,$d' memory/meta.tsv > memory.inputs
	sed -i '/^digest[.]/d' memory/meta.tsv
	rm memory/*.processes.tsv memory/*.series.tsv
	cat > experiments/lab <<-'END'
		#!/bin/sh
		while [ $# -gt 0 ]; do
			case $1 in
			--inputs) exec cat memory.inputs ;;
			-o) out=$2 ;;
			esac
			shift
		done
		mkdir -p "$out"
		: > begun
		while [ -e wait ]; do sleep 0.05; done
		exec cp memory/* "$out"
	END
}

# make_shims - each counts its calls, and sends $shims/signal to the group of the make at call
# $shims/at; it is then as if that program had not begun yet
make_shims() {
	mkdir "$shims"
	cat > "$shims/awk" <<-'END'
		#!/bin/bash
		shims=${0%/*}
		PATH=${PATH//"$shims:"/}
		(
			flock 9
			read -r n < "$shims/count"
			echo $((n + 1)) > "$shims/count"
			if [ -e "$shims/at" ] && [ "$n" = "$(cat "$shims/at")" ]; then
				kill -"$(cat "$shims/signal")" -- -"$(cat "$shims/group")"
			fi
		) 9>> "$shims/lock"
		exec "${0##*/}" "$@"
	END
	chmod 755 "$shims/awk"
	for tool in cat cp cut find gcc gnuplot grep gzip head ls mkdir mktemp mv rm rmdir sed sha256sum \
		sort tail tr wc; do
		cp "$shims"/{awk,$tool}
	done
}

# start TARGET... - make, in the background, in a process group of its own; sets pid, and its
# words go to said.PID
start() {
	setsid env --default-signal bash -c \
		'echo $$ > "$1/group"; exec > "said.$$" 2>&1 make -s N=1 "${@:2}"' - "$shims" "$@" 3>&- &
	pid=$!
}

# counted TARGET... - the same with the shims
counted() {
	echo 0 > "$shims/count"
	PATH=$shims:$PATH start "$@"
}

# reach CONDITION... - wait for it, as long as make $pid is there
reach() {
	until "$@"; do
		kill -0 "$pid" 2> /dev/null || fail "never: $*; $(cat "said.$pid")"
		sleep 0.05
	done
}

# gone GROUP - wait until nobody of it is left
gone() {
	while pgrep -g "$1" > /dev/null; do
		sleep 0.05
	done
}

half_written() { find results build/rows plots \( -name '*.new*' -o -name '*.old' -o -name '.lab*' \); }

# whole - whatever lies there is whole
whole() {
	[ ! -e results/$row ] || diff -r results/$row "$kept/results/$row"
	[ ! -e $table ] || cmp $table "$kept/$table"
	[ ! -e $figure ] || cmp $figure "$kept/$figure"
}

# right - the results are those of the undisturbed run, and nothing else is there
right() {
	run -0 diff -r "$kept/results" results
	run -0 diff -r <(cd "$kept" && find plots -name '*.svg') <(find plots -name '*.svg')
	cmp $figure "$kept/$figure"
	assert_equal "$(half_written)" ""
}

forget() { rm -rf results/* build/rows plots/*/; }

@test "a make that is killed, at whatever step, leaves nothing half, and the next one is right" {
	forget
	counted tiny
	wait "$pid"
	calls=$(cat "$shims/count")
	# some hundreds; each in its turn would take a quarter of an hour
	[ "$calls" -gt 50 ]
	every=${STEP:-$((calls / 16))}
	met=0
	for signal in KILL INT TERM; do
		echo $signal > "$shims/signal"
		for ((at = met % 5; at < calls; at += 3 * every)); do
			# where nothing has been before, and where complete results of other inputs lie
			if [ $((met % 2)) = 0 ]; then
				forget
			else
				make -s N=1 tiny
				sed -i 's/^seed	1/seed	0/' results/$row/meta.tsv
				rm $table $figure
			fi
			echo $at > "$shims/at"
			counted tiny
			# where much is there already, there are not as many calls
			if wait "$pid"; then continue; fi
			gone "$pid"
			rm "$shims/at"
			[ ! -e results/$row/meta.tsv ] || sed -i 's/^seed	0/seed	1/' results/$row/meta.tsv
			whole || fail "$signal at call $at"
			[ $signal = KILL ] || assert_equal "$signal at call $at: $(half_written)" "$signal at call $at: "
			make -s N=1 tiny
			right
			met=$((met + 1))
		done
	done
	[ $met -ge 12 ]
}

@test "of two makes that want the same run, one waits, says so, and finds it done" {
	forget
	rm -f begun
	: > ./wait
	start tiny
	first=$pid
	reach test -e begun
	start tiny
	second=$pid
	reach grep -qs waiting "said.$second"
	rm wait begun
	wait $first
	wait $second
	assert [ ! -e begun ]
	assert_equal "$(grep '^build/rows.*waiting' "said.$second")" "build/rows/$row: another make is at it; waiting"
	right
}

@test "a make that is begun while the orphans of a killed one are at it waits for them, and finds it done" {
	forget
	rm -f begun
	: > ./wait
	start tiny
	first=$pid
	reach test -e begun
	kill -KILL $first
	start tiny
	reach grep -qs waiting "said.$pid"
	rm wait begun
	wait "$pid"
	assert [ ! -e begun ]
	right
}

@test "of two makes that want the same program, table or figure, one waits for the other" {
	make -s N=1 tiny
	for target in build/reduce $table $figure; do
		rm "$target"
		# a third one holds it
		flock "build/locks/$(echo "$target" | tr / :)" sh -c 'while [ ! -e go ]; do sleep 0.05; done' 3>&- &
		holder=$!
		start "$target"
		first=$pid
		start "$target"
		for pid in $first $pid; do
			reach grep -qs "$target: another make is at it; waiting" "said.$pid"
		done
		touch go
		wait $holder
		wait $first
		wait "$pid"
		rm go
		assert [ -s "$target" ]
	done
	right
}

# small_disk SIZE DIR... - a disk at each, with what lay there
small_disk() {
	[ "$(id -u)" = 0 ] || skip "only root mounts a small disk"
	for dir in "${@:2}"; do
		cp -r "$dir" "$BATS_TEST_TMPDIR/was"
		mount -t tmpfs -o "size=$1" none "$dir" || skip "nothing can be mounted here"
		mounted+=("$(realpath "$dir")")
		cp -r "$BATS_TEST_TMPDIR/was/." "$dir"
		rm -r "$BATS_TEST_TMPDIR/was"
	done
}

# fill DIR - to the last byte
fill() { run ! dd if=/dev/zero of="$1/filling" bs=4k status=none; }

@test "a disk that is full when results, tables or figures are written is named, and what was there stays" {
	make -s N=1 tiny
	small_disk 300k results plots
	sed -i 's/^seed	1/seed	0/' results/$row/meta.tsv
	fill results
	run ! make -s N=1 tiny
	assert_output --regexp "run: $row: cannot write results/$row: No space left on device; the run's files are in build/rows/$row.new"
	rm results/filling
	sed -i 's/^seed	0/seed	1/' results/$row/meta.tsv
	whole
	rm $table

	fill results
	run ! make -s $table
	assert_line "tabulate: standard output: No space left on device"
	assert [ ! -e $table ]
	rm results/filling
	rm $figure
	make -s $table
	fill plots
	run ! make -s $figure
	assert_line --partial "cannot write all of $figure"
	assert [ ! -e $figure ]
	rm plots/filling
	rm -rf build/rows/$row.new
	make -s N=1 tiny
	right
}

@test "a results directory that cannot be written is named before anything is run" {
	make -s N=1 tiny
	small_disk 300k results
	sed -i 's/^seed	1/seed	0/' results/$row/meta.tsv
	mount -o remount,ro "${mounted[0]}"
	rm -f begun
	run ! make -s N=1 tiny
	assert_output --regexp "results/$row.new.: Read-only file system"
	assert [ ! -e begun ]
	run ! make -s -W build/tabulate $table
	assert_output --regexp "$table.new: Read-only file system"
}
