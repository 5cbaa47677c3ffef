# shellcheck shell=bash
# A Slurm of two nodes, n1 and n2, on this host, for tests. Root starts it; there need be no systemd. All that it
# is made of lies in one directory, and it listens on 127.0.0.1 only at ports that were free, so that several may
# run at once, beside a Slurm of the host.
#
#	start_slurm DIR         $SLURM_CONF says then to srun, sbatch, squeue and scontrol which Slurm is meant
#	stop_slurm DIR          nothing of it is left but the directory, and any srun of the test's, which waits for it
#	kill_node DIR NODE      as a power cut would; slurmctld finds it out by itself, and so does srun
#	hang_node DIR NODE      its programs stand still, and its connections stay open
#	revive_node DIR NODE    boots it, after either
#	stop_controller DIR, start_controller DIR    jobs run on meanwhile
#	wait_for slurm_idle     until both nodes are
#
# A node that does not answer is marked down in 20 to 30 s. $slurm_extra has more lines of slurm.conf, and a job that is
# requeued begins again when its credential is void, $slurm_cred_expire seconds after it began.
#
# A node is a PID namespace with a slurmd: whatever jobs do there, it ends when the namespace's first process is
# killed. It has a host name of its own, which nothing resolves, and sees the host's files. It has 4 CPUs, however
# many the host has, and 4000 MB of memory; nothing enforces that jobs take no more than they were given, which would need
# control groups. The path of DIR must be short: its sockets have at most 107 bytes.

# shellcheck source=bats/lib/processes.bash
. "$(dirname "${BASH_SOURCE[0]}")/processes.bash"
slurm_nodes=(n1 n2)

# start_slurm DIR - until both nodes are idle
start_slurm() {
	local dir node attempt variable
	[ "$(id -u)" = 0 ] || { echo "start_slurm: only root can" >&2; return 1; }
	mkdir -p "$1"/{log,pid,state,spool,munge} || return
	dir=$(slurm_directory "$1") || return
	slurm_munge "$dir" || return
	# jobs of a Slurm of the host's, of which the test may be one
	for variable in $(compgen -e SLURM) $(compgen -e SBATCH) $(compgen -e SALLOC); do
		unset "$variable"
	done
	# Between the look at the ports and the start, somebody else may have taken one.
	for attempt in 1 2 3 4 5; do
		slurm_configuration "$dir" > "$dir/slurm.conf" || return
		export SLURM_CONF=$dir/slurm.conf
		start_controller "$dir"
		for node in "${slurm_nodes[@]}"; do
			revive_node "$dir" "$node"
		done
		wait_for slurm_idle_or_lost "$dir" || break
		! slurm_idle || return 0
		grep -q -s -i 'address already in use' "$dir"/log/* || break
		stop_slurm_daemons "$dir"
	done
	{
		echo "start_slurm: not both nodes are idle, after attempt $attempt:"
		timeout 10 sinfo -N -l || true
		tail -n 30 "$dir"/log/* || true
	} >&2
	stop_slurm "$dir"
	return 1
}

# stop_slurm DIR - with all jobs
stop_slurm() {
	local dir
	[ ! "$1" ] || [ -d "$1/pid" ] || return 0
	dir=$(slurm_directory "$1") || return
	stop_slurm_daemons "$dir"
	end_process "$dir" munged
}

# kill_node DIR NODE - all of its processes, at once
kill_node() {
	local dir
	dir=$(slurm_directory "$1") && end_process "$dir" "$2"
}

# hang_node DIR NODE - the first process is not among those that stand still: it has to be killed later, which it is
# the same way
hang_node() {
	local dir init pid
	dir=$(slurm_directory "$1") && init=$(process_of "$dir" "$2") || return
	# what begins meanwhile is found in the next round
	for _ in 1 2 3; do
		for pid in $(processes_inside "$init"); do
			kill -STOP "$pid" 2> /dev/null || true
		done
	done
}

# revive_node DIR NODE
revive_node() {
	local dir booted=()
	dir=$(slurm_directory "$1") || return
	end_process "$dir" "$2"
	# it was booted now, by its own clock, of which it tells slurmctld
	[ ! -e /proc/self/ns/time ] || booted=(--time --boottime "-$(cut -d . -f 1 /proc/uptime)")
	# sh waits for whatever its node's jobs leave behind, as init does
	begin_process "$dir" "$2" unshare "${booted[@]}" --pid --fork --kill-child --mount --mount-proc --uts \
		sh -c 'hostname "$1"; slurmd -D -f "$2" -N "$1" & wait' sh "$2" "$dir/slurm.conf"
}

start_controller() {
	local dir
	dir=$(slurm_directory "$1") || return
	begin_process "$dir" slurmctld slurmctld -D -f "$dir/slurm.conf"
}

stop_controller() {
	local dir
	dir=$(slurm_directory "$1") && end_process "$dir" slurmctld
}

# ----- what these are made of ------------------------------------------------

# slurm_directory DIR - its absolute path, if there is a Slurm in it
slurm_directory() {
	[ -d "$1/pid" ] || { echo "no Slurm has been started in '$1'" >&2; return 1; }
	(cd "$1" && pwd -P)
}

# stop_slurm_daemons DIR - the nodes first, lest they complain
stop_slurm_daemons() {
	local node
	for node in "${slurm_nodes[@]}" slurmctld; do
		end_process "$1" "$node"
	done
}

# slurm_munge DIR - who is who; run by root, as all the rest is. Its own user could not reach a directory that is root's alone, as
# those of bats are; and it refuses one itself (--force), lest others cannot reach it, of whom there are none.
slurm_munge() {
	chmod 755 "$1/munge" || return
	rm -f "$1/munge/socket"	# of one that was killed
	[ -s "$1/munge/key" ] || (umask 077; head -c 128 /dev/urandom > "$1/munge/key")
	begin_process "$1" munged munged --foreground --force --socket="$1/munge/socket" --key-file="$1/munge/key" --pid-file="$1/munge/pid" \
		--log-file="$1/log/munged" --seed-file="$1/munge/seed"
	wait_for slurm_socket_or_lost "$1" && [ -S "$1/munge/socket" ] && return
	echo "start_slurm: munged does not run:" >&2
	tail -n 20 "$1"/log/munged* >&2 || true
	end_process "$1" munged
	return 1
}

slurm_socket_or_lost() { [ -S "$1/munge/socket" ] || ! process_of "$1" munged > /dev/null; }

# slurm_configuration DIR
slurm_configuration() {
	local ports name
	mapfile -t ports < <(slurm_ports 3)
	[ ${#ports[@]} = 3 ] || { echo "start_slurm: no free ports" >&2; return 1; }
	name=$(uname -n)
	# Timeouts are short: tests wait for them. A job that is requeued waits until its credential is void.
	cat <<-END
		ClusterName=lab
		SlurmctldHost=${name%%.*}(127.0.0.1)
		SlurmctldPort=${ports[0]}
		SlurmUser=root
		SlurmdUser=root
		AuthType=auth/munge
		CredType=cred/munge
		AuthInfo=socket=$1/munge/socket,cred_expire=${slurm_cred_expire:-20}
		CommunicationParameters=NoAddrCache
		StateSaveLocation=$1/state
		SlurmdSpoolDir=$1/spool/%n
		SlurmctldPidFile=$1/pid/slurmctld.own
		SlurmdPidFile=$1/pid/%n.own
		SlurmctldLogFile=$1/log/slurmctld
		SlurmdLogFile=$1/log/%n
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		SwitchType=switch/none
		MpiDefault=none
		JobAcctGatherType=jobacct_gather/none
		AccountingStorageType=accounting_storage/none
		JobCompType=jobcomp/none
		SelectType=select/cons_tres
		SelectTypeParameters=CR_CPU_Memory
		SlurmdParameters=config_overrides
		SchedulerParameters=bf_interval=2,sched_min_interval=100000,batch_sched_delay=1
		SlurmctldTimeout=30
		SlurmdTimeout=10
		MessageTimeout=10
		TCPTimeout=2
		KillWait=2
		MinJobAge=10
		ReturnToService=2
		JobRequeue=1
		${slurm_extra-}
		NodeName=n1 NodeHostname=n1 NodeAddr=127.0.0.1 Port=${ports[1]} CPUs=4 RealMemory=4000
		NodeName=n2 NodeHostname=n2 NodeAddr=127.0.0.1 Port=${ports[2]} CPUs=4 RealMemory=4000
		PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
	END
}

# slurm_ports N - below those that the kernel gives to whoever asks for any
slurm_ports() {
	local port found=0 taken
	taken=" $(ss -H -a -n -t | awk '{ sub(/.*:/, "", $4); print $4 }' | tr '\n' ' ')"
	for _ in {1..200}; do
		port=$((20000 + RANDOM % 10000))
		[[ $taken != *" $port "* ]] || continue
		taken+="$port "
		echo $port
		[ $((found += 1)) != "$1" ] || return 0
	done
}

slurm_idle() { [ "$(timeout 20 sinfo -h -N -o '%N %t' 2> /dev/null | sort -u)" = "$(printf '%s idle\n' "${slurm_nodes[@]}")" ]; }

# slurm_idle_or_lost DIR - a daemon that has ended does not come back
slurm_idle_or_lost() {
	local name
	for name in slurmctld "${slurm_nodes[@]}"; do
		process_of "$1" "$name" > /dev/null || return 0
	done
	slurm_idle
}
