#!/usr/bin/env bats
# The Slurm of the tests does what Slurms do.

load ../helpers
load ../lib/slurm

setup_file() {
	export slurm=$BATS_FILE_TMPDIR/slurm
	[ "$(id -u)" != 0 ] || start_slurm "$slurm"
}
teardown_file() { [ "$(id -u)" != 0 ] || stop_slurm "$slurm"; }

setup() {
	[ "$(id -u)" = 0 ] || skip "only root starts a Slurm"
	cd "$BATS_TEST_TMPDIR" || return
}

# Both nodes are idle again.
teardown() {
	local node
	[ "$(id -u)" = 0 ] || return 0
	scancel --user=root
	for node in n1 n2; do
		process_of "$slurm" "$node" > /dev/null || revive_node "$slurm" "$node"
	done
	wait_for slurm_idle
}

one() { srun -n1 -c1 --mem=100 "$@"; }
# jobs STATE NUMBER - so many are in it
jobs_are() { [ "$(squeue -h -r -t "$1" -o %i | wc -l)" = "$2" ]; }

@test "srun: a task runs on the node that it is for, in this directory, and its status is srun's" {
	echo "here" > file
	for node in n1 n2; do
		run -0 one -w $node sh -c 'hostname; echo "$SLURMD_NODENAME"; cat file'
		assert_output "$(printf '%s\n' $node $node here)"
	done
	run -0 one --exclude= true
	run -0 one --exclude=n1 hostname
	assert_output n2
	run -75 one sh -c 'exit 75'
	run -143 one sh -c 'kill -TERM $$'
	run -1 one --exclude=n1,n2 true
	assert_output --partial "Unable to allocate resources"
	run -1 one -p none true
	assert_output --partial "Unable to allocate resources"
}

@test "srun: 20 MB come to a task and back as they were, and their end" {
	head -c 20000000 /dev/urandom > big
	one cat < big > back
	cmp back big
}

@test "two jobs run at a time, on one node, and on two" {
	for node in n1 n2; do
		one -w n1 sh -c "touch begun.n1.$node; until [ -e end ]; do sleep 0.1; done" 3>&- &
		one -w $node sh -c "touch begun.$node; until [ -e end ]; do sleep 0.1; done" 3>&- &
		until_it test -e begun.n1.$node
		until_it test -e begun.$node
		jobs_are RUNNING 2
		touch end
		wait
		rm end begun.*
		until_it jobs_are RUNNING 0
	done
}

# Its status is 0: who wants to know whether a task has come to its end must let it say so.
@test "a node is killed in the middle: srun ends, and says so; the task does not end well; others go on" {
	one -w n1 sh -c 'touch begun; sleep 600; touch ended' > said 2>&1 3>&- &
	srun=$!
	one -w n2 sh -c 'until [ -e end ]; do sleep 0.1; done; echo well' > other 2>&1 3>&- &
	other=$!
	until_it test -e begun
	kill_node "$slurm" n1
	wait $srun || true
	run -0 cat said
	assert_output --partial "Node failure on n1"
	assert [ ! -e ended ]
	run -0 sinfo -h -n n1 -o %T
	assert_output 'down*'
	touch end
	wait $other
	assert_equal "$(cat other)" well

	revive_node "$slurm" n1
	until_it slurm_idle
	run -0 one -w n1 hostname
	assert_output n1
}

@test "a node is killed in the middle of an array: its task begins again, and is told so" {
	cat > task <<-'END'
		#!/bin/sh
		echo "$SLURMD_NODENAME ${SLURM_RESTART_COUNT-first}" >> "seen.$SLURM_ARRAY_TASK_ID"
		until [ -e end ]; do sleep 0.1; done
		echo ended >> "seen.$SLURM_ARRAY_TASK_ID"
	END
	# all of a node is one task's
	sbatch -Q --array=1-2 --requeue -n1 -c4 --mem=100 -o 'out.%a' task
	until_it test -e seen.1
	until_it test -e seen.2
	on_n1=$(grep -l '^n1' seen.*)
	on_n2=$(grep -l '^n2' seen.*)
	kill_node "$slurm" n1
	until_it jobs_are PENDING 1
	touch end
	until_it jobs_are RUNNING,PENDING,COMPLETING 0
	assert_equal "$(cat "$on_n2")" "$(printf '%s\n' 'n2 first' ended)"
	assert_equal "$(cat "$on_n1")" "$(printf '%s\n' 'n1 first' 'n2 1' ended)"
}

@test "two Slurms run at once, and each ends without a trace" {
	second=$BATS_TEST_TMPDIR/second
	first_conf=$SLURM_CONF
	start_slurm "$second"
	run -0 srun -w n2 printenv SLURM_CONF
	assert_output "$second/slurm.conf"
	srun -w n2 sleep 600 3>&- 4>&- &
	srun=$!
	until_it jobs_are RUNNING 1
	stop_slurm "$second"
	run -1 pgrep -f "$second"
	# it would wait for its slurmctld
	mapfile -t inside < <(processes_inside $srun)
	kill -KILL $srun "${inside[@]}"
	wait $srun || true
	export SLURM_CONF=$first_conf
	slurm_idle
}
