#!/usr/bin/env bats
# bats file_tags=guest
#
# array - array jobs of a Slurm, whose tasks call back for what they run

load ../helpers
load ../lib/matrix
load ../lib/slurm

setup_file() {
	[ "$(id -u)" = 0 ] || return 0
	export tree=$BATS_FILE_TMPDIR/tree slurm=$BATS_FILE_TMPDIR/slurm
	matrix_tree "$tree" 1..6 || return
	# requeued tasks wait for this
	slurm_cred_expire=5 start_slurm "$slurm" || return
	start_sshd "$slurm" || return
	cd "$tree" || return
	export BACK="ssh -F $slurm/ssh_config here" LAUNCH='sbatch --mem={mb}M --time={minutes} --exclude={not}'
}
teardown_file() {
	[ "$(id -u)" = 0 ] || return 0
	stop_slurm "$slurm"
	end_process "$slurm" sshd
}

# start_sshd DIR - by which the nodes call this host, as others that share nothing with it; DIR/ssh_config is for ssh -F
start_sshd() {
	local port name
	port=$(slurm_ports 1)
	for name in key host-key; do
		ssh-keygen -q -t ed25519 -N '' -C tests -f "$1/$name" || return
	done
	printf '%s\n' "ListenAddress 127.0.0.1:$port" "HostKey $1/host-key" "AuthorizedKeysFile $1/key.pub" 'StrictModes no' 'UsePAM no' \
		'PidFile none' 'PermitRootLogin prohibit-password' 'MaxStartups 100' "SetEnv SLURM_CONF=$SLURM_CONF" > "$1/sshd_config"
	printf '%s\n' 'Host here' '	HostName 127.0.0.1' "	Port $port" "	IdentityFile $1/key" "	UserKnownHostsFile $1/known_hosts" \
		'	User root' '	BatchMode yes' '	IdentitiesOnly yes' '	IdentityAgent none' > "$1/ssh_config"
	echo "[127.0.0.1]:$port $(cat "$1/host-key.pub")" > "$1/known_hosts"
	mkdir -p /run/sshd
	begin_process "$1" sshd /usr/sbin/sshd -D -e -f "$1/sshd_config"
	wait_for ssh -F "$1/ssh_config" here true < /dev/null 3>&- 4>&-
}

setup() {
	[ "$(id -u)" = 0 ] || skip "only root starts a Slurm"
	cd "$tree" || return
	forget_runs
}

no_jobs() { [ ! "$(squeue -h -r)" ]; }

@test "all runs are one array job, with the memory and the time of their rows, and leave what they leave here" {
	run -0 make -s array N=1 SEED=1..6 CASES=tiny AUDIT=30%
	assert_line --regexp '^array: submitted: scancel [0-9]+ ends them; make progress tells how far they are$'
	# shellcheck disable=SC2154 # run sets it
	job=$(sed -n 's/.*scancel \([0-9]*\) ends.*/\1/p' <<< "$output")
	run -0 scontrol show job "$job"
	# 192 MB, and QEMU's; 90 s, and two minutes
	assert_output --partial 'MinMemoryNode=1344M'
	assert_output --partial 'TimeLimit=00:03:00'
	assert_output --partial 'Requeue=1'
	wait_for no_jobs
	run -0 make -s progress
	assert_output --partial 'matrix: 8 of 8 done, 0 running, 0 waiting, 0 failed'
	made_right 6
	run -0 grep -c -E '^verify: .*: the same by (n1 and n2|n2 and n1)$' build/matrix/*/output
	assert_output 2
	run -0 make -s array N=1 SEED=1..6 CASES=tiny
	assert_line 'array: all is done'
}

@test "a node is killed in the middle of a run: the run is made again, and all ends complete and right" {
	make -s array N=1 SEED=1..4 CASES=tiny
	wait_for machine_on n1
	kill_node "$slurm" n1
	wait_for no_jobs
	made_right 4
	run -0 awk -F '\t' '$2 == "done" { print $3 }' build/matrix/*/log
	assert_equal "$(sort -u <<< "$output" | wc -l)" 4
	# what n1 was at is known to be lost with it
	run -0 grep -E '	lost	rows/.*	n1	' build/matrix/*/log
	revive_node "$slurm" n1
	wait_for slurm_idle
}

@test "an experiment that fails is not repeated, and the others go on" {
	sed -i 's/^run() {/& [ "$SEED" != 2 ] || exit 3;/' experiments/cases/tiny
	make -s array N=1 SEED=1..3 CASES=tiny
	wait_for no_jobs
	sed -i 's/ \[ "$SEED" != 2 \] || exit 3;//' experiments/cases/tiny
	run -0 make -s progress
	assert_output --partial '2 of 3 done, 0 running, 0 waiting, 1 failed'
	assert_equal "$(grep -c '	rows/sim-6.1-192-none-2/tiny-1	' build/matrix/*/log)" 1
	assert [ ! -e results/sim-6.1-192-none-2/tiny-1 ]
}

@test "what is missing is one line, before anything is submitted" {
	run -2 make -s array N=1 CASES=tiny LAUNCH=
	assert_line --partial 'array: what is LAUNCH?'
	run -2 make -s array N=1 CASES=tiny BACK=
	assert_line --partial 'array: how does a node call BACK?'
	run -2 make -s array N=1 CASES=tiny AUDIT=5% LAUNCH='sbatch --mem={mb}M'
	assert_line --partial 'array: an audit takes a word in LAUNCH'
	run -2 make -s array N=1 CASES=tiny LAUNCH='sbatch -p nowhere'
	assert_line --partial 'array: not all are submitted'
	assert [ "$(squeue -h -r | wc -l)" = 0 ]
}
