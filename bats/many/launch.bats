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
	export LAUNCH='srun -n1 -c1 --mem={mb}M --time={minutes} --exclude={not}'
}
teardown_file() { [ "$(id -u)" != 0 ] || stop_slurm "$slurm"; }

setup() {
	[ "$(id -u)" = 0 ] || skip "only root starts a Slurm"
	cd "$tree" || return
	forget_runs
}

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

@test "a job that is cancelled is run again" {
	make -s -j4 N=1 SEED=1..2 tiny > said 2>&1 3>&- &
	make=$!
	wait_for machine_on n1
	scancel --nodelist=n1
	wait $make
	made_right 2
	run -0 cat said
	assert_output --partial 'again, try 2 of 3'
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
	run -0 awk -F '\t' '$4 !~ /^n[12]$/' build/matrix/*/log
	refute_output
}
