#!/usr/bin/env bats
# bats file_tags=guest
#
# LAUNCH=srun - machines boot on the nodes of a Slurm, by the same path, or carried there

load ../helpers
load ../lib/matrix
load ../lib/slurm

setup_file() {
	[ "$(id -u)" = 0 ] || return 0
	export tree=$BATS_FILE_TMPDIR/tree slurm=$BATS_FILE_TMPDIR/slurm
	matrix_tree "$tree" 1..4 || return
	start_slurm "$slurm" || return
	cd "$tree" || return
	cp -r build/rows here.rows || return
	export LAUNCH='srun -n1 -c1 --mem={mb}M --time={minutes} --exclude={not}'
}
teardown_file() { [ "$(id -u)" != 0 ] || stop_slurm "$slurm"; }

setup() {
	[ "$(id -u)" = 0 ] || skip "only root starts a Slurm"
	cd "$tree" || return
	forget_runs
}

# kept_right - what stays in build/ of each run is what was made here, too: the records are only there
kept_right() {
	local row
	for row in build/rows/*/*/; do
		diff -r "$row" "here.rows/${row#build/rows/}" || return
	done
}

# again_on NODE - there, each run that was lost was made
again_on() {
	local lost run
	lost=$(awk -F '\t' '$2 == "lost" { print $3 }' build/matrix/*/log | sort -u)
	assert [ "$lost" ]
	while read -r run; do
		assert_equal "$(experiments/matrix host build/matrix/* "$run")" "$1"
	done <<< "$lost"
}

# jobs_wait COUNT - and none runs
jobs_wait() { [ "$(squeue -h -t PENDING -o %i | wc -l)" = "$1" ] && [ ! "$(squeue -h -t RUNNING -o %i)" ]; }

@test "all nodes share the runs, each with the memory of its row, and the results are the same, to the byte" {
	make -s -j4 N=1 SEED=1..4 tiny > said 2>&1 3>&- &
	make=$!
	wait_for machine_on n1
	wait_for machine_on n2
	# 192 MB, and QEMU's; 90 s, and two minutes
	run -0 squeue -h -o '%m %l'
	assert_equal "$(sort -u <<< "$output")" '1344M 3:00'
	wait $make
	made_right 4
	kept_right
	# Slurm says so, too
	for node in n1 n2; do grep -q "JobId=.* NodeList=$node " "$slurm/log/slurmctld"; done
	run -0 tail -n 1 said
	assert_output --partial 'matrix: 4 of 4 done, 0 running, 0 waiting, 0 failed'
}

@test "a node is killed in the middle of a run: it is made again on another one, and all ends complete and right" {
	make -s -j4 N=1 SEED=1..4 tiny > said 2>&1 3>&- &
	make=$!
	wait_for machine_on n1
	kill_node "$slurm" n1
	wait $make
	made_right 4
	run -0 cat said
	assert_output --regexp 'lab: n1 was lost, or it was killed there .srun: status [0-9]+.*'
	assert_output --regexp 'run: sim-6.1-192-none-[1-4]/tiny-1: again, try 2 of 3'
	run -0 grep '	lost	.*	n1	' build/matrix/*/log
	again_on n2
	revive_node "$slurm" n1
	wait_for slurm_idle
}

# Then srun never ends. A machine is given up 90 s after its time.
@test "a node is killed and back at once: the run is made again, though the launcher has noticed nothing" {
	make -s -j4 N=1 SEED=1..2 tiny > said 2>&1 3>&- &
	make=$!
	wait_for machine_on n1
	revive_node "$slurm" n1
	wait $make
	made_right 2
	run -0 cat said
	assert_output --partial 'n1 was lost, or it was killed there'
	wait_for slurm_idle
}

# Its node is idle, and is not to be taken once more.
@test "a job that is cancelled is run again, on another node" {
	make -s -j4 N=1 SEED=1..2 tiny > said 2>&1 3>&- &
	make=$!
	wait_for machine_on n1
	scancel --nodelist=n1
	wait $make
	made_right 2
	run -0 cat said
	assert_output --partial 'again, try 2 of 3'
	again_on n2
}

# interrupt SIGNAL TO - make that has a machine on n1, which would go on for an hour; to its group, as a terminal does, or to make alone
interrupt() {
	sed -i 's/16 R 1000/16 R 1000000000/; s/time=90/time=3600/' experiments/cases/tiny
	setsid env --default-signal make -s -j4 N=1 SEED=1..2 tiny > said 2>&1 3>&- &
	make=$!
	wait_for machine_on n1
	sed -i 's/16 R 1000000000/16 R 1000/; s/time=3600/time=90/' experiments/cases/tiny
	if [ "$2" = group ]; then kill "-$1" -- -$make; else kill "-$1" $make; fi
	! wait $make || fail "it succeeded"
}

@test "a make that is interrupted leaves no job, no machine and no results, and is started again" {
	group_gone() { ! pgrep -g $make > /dev/null; }
	for to in group alone; do
		interrupt "$([ $to = group ] && echo INT || echo TERM)" $to
		wait_for group_gone
		wait_for slurm_idle
		run -1 pgrep -f "$tree/build/lab/.*/boot"
		run -0 find results build/rows -type f
		assert_output ''
		rm -r build/matrix
	done
	make -s -j4 N=1 SEED=1..2 tiny > said 2>&1 || { cat said; false; }
	made_right 2
}

@test "who waits for a node is let in when there is one, and has lost nothing; who does not wait is told so" {
	for node in n1 n2; do scontrol update nodename=$node state=drain reason=test; done
	run -75 env TRIES=2 LAUNCH='srun -n1 -c1 --immediate=1 --mem={mb}M' experiments/run sim-6.1-192-none-1/tiny-1
	assert_output --regexp 'lab: srun has not started it .status 1.: srun: error: Unable to allocate resources'

	make -s -j4 N=1 SEED=1..2 tiny > said 2>&1 3>&- &
	make=$!
	wait_for jobs_wait 2
	# nobody is at them yet
	run -0 make -s progress
	assert_output --partial 'matrix: 0 of 2 done, 0 running, 2 waiting, 0 failed; 0.00 core-hours'
	for node in n1 n2; do scontrol update nodename=$node state=resume; done
	wait $make
	made_right 2
	run ! grep -q '	lost	' build/matrix/*/log
}

@test "a run that no node takes is tried as often as TRIES says, and is no failed experiment" {
	run -75 env TRIES=2 LAUNCH='srun -p nowhere' experiments/run sim-6.1-192-none-1/tiny-1
	assert_output --regexp 'lab: srun has not started it .status 1.: srun: error: .*'
	assert_line --partial 'run: sim-6.1-192-none-1/tiny-1: try 2 of 2 is in 2 s'
	assert [ ! -e results/sim-6.1-192-none-1 ]
}

@test "an experiment that fails has failed at once" {
	sed -i 's/^run() {/& exit 3;/' experiments/cases/tiny
	run -3 experiments/run sim-6.1-192-none-1/tiny-1
	sed -i 's/ exit 3;//' experiments/cases/tiny
	assert_line --partial 'lab: the command failed with status 3'
	refute_output --partial 'try 2'
}

@test "carried by srun to nodes that need not see the tree, they leave the same" {
	make -s -j4 N=1 SEED=1..2 tiny LAUNCH="$tree/experiments/machine/carry $LAUNCH sh -c" > said 2>&1 || { cat said; false; }
	made_right 2
	kept_right
	run -0 awk -F '\t' '$4 !~ /^n[12]$/' build/matrix/*/log
	refute_output
}
