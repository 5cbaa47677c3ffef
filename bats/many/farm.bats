#!/usr/bin/env bats
# bats file_tags=guest
#
# farm - runs on hosts with an sshd, a shell and tar, which share nothing with this one

load ../helpers
load ../lib/matrix
load ../lib/hosts

setup_file() {
	[ "$(id -u)" = 0 ] || return 0
	export tree=$BATS_FILE_TMPDIR/tree
	matrix_tree "$tree" 1..4 || return
	start_hosts "$BATS_FILE_TMPDIR/hosts" left right || return
	cd "$tree" || return
	cp -r build/rows here.rows || return
	export ssh="ssh -F $HOSTS/ssh_config"
	printf '%s\n' "1/$ssh left" "1/$ssh right" > both
	# a host of which one byte of what the machine has left comes back wrong
	cat > tampered <<-END
		#!/bin/sh
		exec $ssh "\$1" "\$(echo "\$2" | sed 's/^sh .*boot.*/&\nsed -i "s,touches=,touchex=," "\$d\/results.tar"/')"
	END
	chmod +x tampered
}
teardown_file() { [ "$(id -u)" != 0 ] || stop_hosts "$BATS_FILE_TMPDIR/hosts"; }

setup() {
	[ "$(id -u)" = 0 ] || skip "only root starts hosts"
	cd "$tree" || return
	forget_runs
}

# farm SEEDS WORD... - of these rows
farm() { in_lab make -s farm N=1 SEED="$1" CASES=tiny "${@:2}"; }

@test "both hosts share the runs, some are made by both, and the results are the same, to the byte" {
	run -0 farm 1..4 HOSTS=both AUDIT=25%
	assert_line 'farm: left: 1 at a time'
	assert_line 'farm: right: 1 at a time'
	assert_line --regexp 'matrix: 5 of 5 done, 0 running, 0 waiting, 0 failed'
	assert_line --regexp '^verify: .*: the same by (left and right|right and left)$'
	made_right 4
	# and what stays in build/: the records are only there
	for row in build/rows/*/*/; do diff -r "$row" "here.rows/${row#build/rows/}"; done
	run -0 awk -F '\t' '$2 == "done" { print $4 }' build/matrix/*/log
	assert_equal "$(sort -u <<< "$output" | paste -sd ' ')" 'left right'
	assert_equal "$(grep -c 'experiments/job' build/matrix/*/joblog)" 5
	# nothing of it stays there
	for host in left right; do
		# shellcheck disable=SC2086 # a list of words
		run -0 in_lab $ssh $host 'echo /tmp/*'
		assert_output '/tmp/*'
	done

	run -0 farm 1..4 HOSTS=both
	assert_line 'farm: all is done'
}

@test "a host is killed in the middle of a run: all ends complete and right on the other one" {
	farm 1..3 HOSTS=both > said 2>&1 3>&- &
	farm=$!
	wait_for machine_on left
	kill_host "$HOSTS" left
	wait $farm || { cat said; false; }
	made_right 3
	run -0 grep '	lost	.*	left	' build/matrix/*/log
	lost=$(awk -F '\t' '$2 == "lost" && $4 == "left" { print $3 }' build/matrix/*/log | sort -u)
	for made in $lost; do assert_equal "$(experiments/matrix host build/matrix/* "$made")" right; done
	revive_host "$HOSTS" left
}

@test "a host that leaves a wrong byte is refused by name, as one that cannot be reached, and all that is missing is made by the others" {
	printf '%s\n' "1/$PWD/tampered right" "1/$ssh left" "1/$ssh -o ConnectTimeout=1 10.0.0.77" > some
	# what an earlier farm has made
	mkdir -p results/sim-6.1-192-none-3
	cp -r here/sim-6.1-192-none-3/tiny-1 results/sim-6.1-192-none-3
	date=$(stat -c %z results/sim-6.1-192-none-3/tiny-1/meta.tsv)
	run -0 farm 1..3 HOSTS=some
	assert_line --regexp 'matrix: 2 of 2 done, 0 running, 0 waiting, 0 failed'
	assert_equal "$(stat -c %z results/sim-6.1-192-none-3/tiny-1/meta.tsv)" "$date"
	assert_line --regexp '^farm: right is refused: its probe differs from that of this host in work$'
	assert_line --regexp '^farm: 10.0.0.77 is refused: '
	made_right 3
	run -0 awk -F '\t' '$4 != "left"' build/matrix/*/log
	refute_output
}

@test "an experiment that fails is not repeated, and the others go on" {
	sed -i 's/^run() {/& [ "$SEED" != 2 ] || exit 3;/' experiments/cases/tiny
	run -1 in_lab experiments/farm both sim-6.1-192-none-{1,2}/tiny-1
	sed -i 's/ \[ "$SEED" != 2 \] || exit 3;//' experiments/cases/tiny
	assert_line 'farm: rows/sim-6.1-192-none-2/tiny-1: failed'
	assert_equal "$(grep -c '	rows/sim-6.1-192-none-2/tiny-1	' build/matrix/*/log)" 1
	assert [ -e results/sim-6.1-192-none-1/tiny-1/meta.tsv ]
}

@test "who interrupts it ends all that runs, on the hosts, too" {
	in_lab env --default-signal=TERM experiments/farm both sim-6.1-192-none-{1,2,3}/tiny-1 > said 2>&1 3>&- &
	wait_for machine_on left
	wait_for machine_on right
	# it is what nsenter has become
	pkill -TERM -P $!
	wait $! || true
	run -0 tail -n 1 said
	assert_output 'matrix: it was interrupted; all ends'
	run -0 awk -F '\t' '{ print $2 }' build/matrix/*/log
	assert_equal "$(sort -u <<< "$output")" interrupted
	for host in left right; do
		# shellcheck disable=SC2086 # a list of words
		idle() { [ "$(in_lab ${ssh:?} "$host" 'ls /tmp; ps | grep -c "[q]emu"')" = 0 ]; }
		wait_for idle
	done
	assert [ ! "$(ls results)" ]
}

@test "wrong hosts are one line" {
	run -2 farm 1 HOSTS=
	assert_line 'farm: among which HOSTS?'
	run -2 farm 1 HOSTS=nowhere
	assert_line "farm: cannot read $tree/nowhere (-h for help)"
	printf '%s\n' "$ssh left" "2/$ssh left" > twice
	run -2 farm 1 HOSTS=twice
	assert_line "farm: $tree/twice: left is in it twice (-h for help)"
	echo "$ssh -o ConnectTimeout=1 10.0.0.77" > none
	run -2 farm 1 HOSTS=none
	assert_line 'farm: no host is left'
}
