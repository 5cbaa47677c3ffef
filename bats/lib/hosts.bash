# shellcheck shell=bash
# Hosts that share nothing but the machine, for tests. Root starts them.
#
#	start_hosts DIR NAME...    DIR/ssh_config is for ssh -F; $HOSTS says to in_lab which hosts are meant
#	in_lab COMMAND...          where the hosts are reached: their network is not the host's
#	kill_host DIR NAME         as a power cut would: all that runs there ends, and nothing is said to anybody
#	revive_host DIR NAME       boots it, with what was on its disk
#	stop_hosts DIR             nothing of them is left but the directory
#
#	in_lab ssh -F DIR/ssh_config NAME COMMAND
#
# A host is a PID, mount, network, UTS and IPC namespace with an sshd. It has a name of its own, and a root of its own,
# DIR/NAME: a busybox as sh and tar, /proc, /dev/null, /tmp, and what sshd needs. Nothing else of the machine is seen
# there. (This sh has busybox's other programs within it.) The lab is a network namespace with a bridge to all
# hosts. ssh notices in some 10 seconds that a host is dead.

# shellcheck source=bats/lib/processes.bash
. "$(dirname "${BASH_SOURCE[0]}")/processes.bash"
hosts_busybox=$(dirname "${BASH_SOURCE[0]}")/../../build/tools/amd64/root/bin/busybox

# start_hosts DIR NAME... - until all answer
start_hosts() {
	local dir name
	[ "$(id -u)" = 0 ] || { echo "start_hosts: only root can" >&2; return 1; }
	[ -x "$hosts_busybox" ] || { echo "start_hosts: there is no $hosts_busybox: make tools" >&2; return 1; }
	mkdir -p "$1"/{log,pid} || return
	dir=$(cd "$1" && pwd -P) || return
	export HOSTS=$dir
	printf '%s\n' "${@:2}" > "$dir/names"
	rm -f "$dir"/key* "$dir/known_hosts"
	ssh-keygen -q -t ed25519 -N '' -C tests -f "$dir/key" || return
	hosts_ssh_config "$dir" > "$dir/ssh_config"

	begin_process "$dir" lab unshare --net sh -ec 'ip link set lo up; ip link add bridge type bridge
		ip address add 10.0.0.1/24 dev bridge; ip link set bridge up; : > "$1/lab-up"; exec sleep infinity' sh "$dir"
	hosts_begun "$dir" lab || { hosts_failed "$dir"; return 1; }
	for name in "${@:2}"; do
		if ! hosts_root "$dir" "$name" || ! revive_host "$dir" "$name"; then
			hosts_failed "$dir"
			return 1
		fi
	done
}

# stop_hosts DIR - the interfaces end with the namespaces
stop_hosts() {
	local dir name
	[ ! "$1" ] || [ -e "$1/names" ] || return 0
	dir=$(hosts_directory "$1") || return
	while read -r name; do
		end_process "$dir" "$name" || return
	done < "$dir/names"
	end_process "$dir" lab
}

# kill_host DIR NAME - its link goes first, so that no connection of it is closed
kill_host() {
	local dir pid
	dir=$(hosts_directory "$1") || return
	if pid=$(process_of "$dir" "$2"); then
		nsenter --net="/proc/$pid/ns/net" ip link set eth0 down || true
	fi
	end_process "$dir" "$2"
}

# revive_host DIR NAME - until it answers
revive_host() {
	local dir pid
	dir=$(hosts_directory "$1") || return
	kill_host "$dir" "$2" || return
	rm -f "$dir/$2-up"
	# Its first process waits for whatever sessions leave behind, as init does.
	begin_process "$dir" "$2" unshare --pid --fork --kill-child --mount --net --uts --ipc sh -ec '
		hostname "$2"
		ip link set lo up
		cd "$1/$2"
		mount --bind . .
		cd "$1/$2"
		mount -t proc proc proc
		: > "$1/$2-up"
		pivot_root . old
		cd /
		exec /bin/sh -c "umount -l /old; /usr/sbin/sshd -D -e & wait"' sh "$dir" "$2"
	hosts_begun "$dir" "$2" || return
	pid=$(process_of "$dir" "$2") || return
	# the kernel takes its time to remove that of a host that has ended
	in_lab_of "$dir" ip link delete "$(hosts_interface "$dir" "$2")" 2> /dev/null || true
	# its card is the same at each boot, or the others would go on to talk to the old one
	in_lab_of "$dir" ip link add "$(hosts_interface "$dir" "$2")" type veth peer name eth0 \
		address "$(printf '02:00:00:00:00:%02x' "$(hosts_number "$dir" "$2")")" netns "$pid" &&
		in_lab_of "$dir" ip link set "$(hosts_interface "$dir" "$2")" master bridge up &&
		nsenter --net="/proc/$pid/ns/net" sh -ec 'ip address add "$1/24" dev eth0; ip link set eth0 up' sh "$(hosts_address "$dir" "$2")" ||
		return
	wait_for hosts_answers "$dir" "$2"
}

# in_lab COMMAND...
in_lab() { in_lab_of "$HOSTS" "$@"; }

# ----- what these are made of ------------------------------------------------

# hosts_directory DIR - its absolute path, if there are hosts in it
hosts_directory() {
	[ -e "$1/names" ] || { echo "no hosts have been started in '$1'" >&2; return 1; }
	(cd "$1" && pwd -P)
}

in_lab_of() {
	local pid
	pid=$(process_of "$1" lab) || { echo "in_lab: there is none in $1" >&2; return 1; }
	nsenter --net="/proc/$pid/ns/net" "${@:2}"
}

# hosts_begun DIR NAME - it has its namespaces, or has ended
hosts_begun() {
	wait_for hosts_up_or_lost "$1" "$2" && [ -e "$1/$2-up" ]
}
hosts_up_or_lost() { [ -e "$1/$2-up" ] || ! process_of "$1" "$2" > /dev/null; }

# hosts_answers DIR NAME
hosts_answers() { [ "$(in_lab_of "$1" ssh -F "$1/ssh_config" "$2" hostname 2> "$1/log/$2.ssh" < /dev/null 3>&- 4>&-)" = "$2" ]; }

# hosts_failed DIR - says why, and ends what there is
hosts_failed() {
	echo "start_hosts: not all hosts answer:" >&2
	tail -n 20 "$1"/log/* >&2 || true
	stop_hosts "$1"
}

# hosts_number DIR NAME - which one it is, from 1
hosts_number() { grep -n -x -F -- "$2" "$1/names" | cut -d : -f 1; }
hosts_address() { echo "10.0.0.$(($(hosts_number "$1" "$2") + 1))"; }
hosts_interface() { echo "host$(hosts_number "$1" "$2")"; }

# hosts_root DIR NAME - of that host; and its key is known
hosts_root() {
	local root=$1/$2 sshd file
	sshd=$(PATH=$PATH:/usr/sbin command -v sshd) || { echo "start_hosts: there is no sshd" >&2; return 1; }
	mkdir -p "$root"/{bin,dev,etc/ssh,old,proc,root,run/sshd,tmp,usr/sbin} && chmod 1777 "$root/tmp" || return
	cp "$hosts_busybox" "$root/bin/busybox" && ln -sf busybox "$root/bin/sh" && ln -sf busybox "$root/bin/tar" || return
	cp "$sshd" "$root/usr/sbin/sshd" || return
	for file in $(ldd "$sshd" | grep -o '/[^ ]*'); do
		mkdir -p "$root${file%/*}" && cp -L "$file" "$root$file" || return
	done
	[ -e "$root/dev/null" ] || mknod -m 666 "$root/dev/null" c 1 3 || return
	printf '%s\n' 'root:*:0:0::/root:/bin/sh' 'sshd:*:100:100::/run/sshd:/bin/false' > "$root/etc/passwd"
	printf '%s\n' 'root:*:0:' 'sshd:*:100:' > "$root/etc/group"
	rm -f "$root"/etc/ssh/key*
	ssh-keygen -q -t ed25519 -N '' -C "$2" -f "$root/etc/ssh/key" || return
	cp "$1/key.pub" "$root/etc/ssh/authorized" || return
	echo "$2 $(cat "$root/etc/ssh/key.pub")" >> "$1/known_hosts"
	printf '%s\n' 'HostKey /etc/ssh/key' 'AuthorizedKeysFile /etc/ssh/authorized' 'UsePAM no' 'PasswordAuthentication no' \
		'PermitRootLogin prohibit-password' 'PidFile none' 'UseDNS no' 'PrintMotd no' 'PrintLastLog no' 'MaxStartups 100' \
		'MaxSessions 100' > "$root/etc/ssh/sshd_config"
}

# hosts_ssh_config DIR - no questions, and nothing of the user's own
hosts_ssh_config() {
	local name
	while read -r name; do
		printf '%s\n' "Host $name" "	HostName $(hosts_address "$1" "$name")" "	HostKeyAlias $name"
	done < "$1/names"
	cat <<-END
		Host *
			User root
			IdentityFile "$1/key"
			IdentitiesOnly yes
			IdentityAgent none
			UserKnownHostsFile "$1/known_hosts"
			GlobalKnownHostsFile /dev/null
			StrictHostKeyChecking yes
			UpdateHostKeys no
			BatchMode yes
			ControlMaster no
			ConnectTimeout 8
			ServerAliveInterval 3
			ServerAliveCountMax 2
	END
}
