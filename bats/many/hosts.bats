#!/usr/bin/env bats
# The hosts of the tests are as hosts are.

load ../helpers
load ../lib/hosts

setup_file() {
	[ "$(id -u)" = 0 ] || return 0
	interfaces_before=$(ip -o link | wc -l)
	export interfaces_before
	start_hosts "$BATS_FILE_TMPDIR/hosts" left right
}
teardown_file() { [ "$(id -u)" != 0 ] || stop_hosts "$BATS_FILE_TMPDIR/hosts"; }

setup() {
	[ "$(id -u)" = 0 ] || skip "only root starts hosts"
	cd "$BATS_TEST_TMPDIR" || return
}

at() { in_lab ssh -F "$HOSTS/ssh_config" "$@"; }

@test "each answers with its own name, and a command's status is ssh's" {
	for name in left right; do
		run -0 at $name hostname
		assert_output $name
	done
	run -75 at left 'exit 75'
	# no questions, nor a long time, where there is none
	run -255 at 10.0.0.77 true
	assert [ "$(ip -o link | wc -l)" = "$interfaces_before" ]
}

@test "a host sees nothing of this machine, nor of the other one" {
	run -0 at left 'echo /* /dev/*'
	assert_output "/bin /dev /etc /lib /lib64 /old /proc /root /run /tmp /usr /dev/null"
	run -0 at left 'cut -d " " -f 2 /proc/mounts'
	assert_output "$(printf '%s\n' / /proc)"
	run -0 at left 'echo /old/* /bin/* /usr/bin/*'
	assert_output "/old/* /bin/busybox /bin/sh /bin/tar /usr/bin/*"
	at left 'echo mine > /tmp/file'
	run ! at right 'cat /tmp/file'
	# none but its own processes
	at left 'sleep 600 > /dev/null 2>&1 &'
	run -0 at right 'ps | grep -c "[s]leep 600" || true'
	assert_output 0
}

@test "50 MB come there and back as they were" {
	head -c 50000000 /dev/urandom > big
	at left cat < big > back
	cmp back big
	mkdir tree
	cp big tree
	tar -c tree | at left 'cd /tmp && tar -x && cat tree/big' | cmp - big
}

@test "a killed host makes ssh fail, which waits for it or comes anew; the other goes on; it may come again" {
	at left 'echo begun; sleep 600' > said 2> error 3>&- &
	ssh=$!
	at right 'echo begun; while sleep 0.1; do [ ! -e /tmp/end ] || break; done; echo well' > other 2>&1 3>&- &
	other=$!
	until_it grep -q begun said
	until_it grep -q begun other
	at left 'echo kept > /tmp/file'
	kill_host "$HOSTS" left
	status=0
	wait $ssh || status=$?
	assert_equal $status 255
	run -0 cat error
	assert_output --partial "Timeout, server 10.0.0.2 not responding."
	run -255 at left true
	at right ': > /tmp/end'
	wait $other
	assert_equal "$(tail -n 1 other)" well

	revive_host "$HOSTS" left
	run -0 at left 'cat /tmp/file'
	assert_output kept
}

@test "nothing is left of hosts that have been stopped" {
	hosts=$HOSTS
	start_hosts "$BATS_TEST_TMPDIR/hosts" third
	at third 'sleep 601 > /dev/null 2>&1 & exec > /dev/null; sleep 601' 3>&- 4>&- &
	ssh=$!
	until_it pgrep -f 'sleep 601'
	namespaces=$(readlink "/proc/$(process_of "$HOSTS" third)/ns/net" "/proc/$(process_of "$HOSTS" lab)/ns/net")
	assert_equal "$(wc -w <<< "$namespaces")" 2
	stop_hosts "$HOSTS"
	wait $ssh || true
	run -1 pgrep -f "sleep 601|$BATS_TEST_TMPDIR/hosts"
	run ! grep -F "$BATS_TEST_TMPDIR/hosts" /proc/mounts
	for file in /proc/[0-9]*/ns/net; do
		assert [ "$(grep -c -x -F "$(readlink "$file" || echo none)" <<< "$namespaces")" = 0 ]
	done
	assert [ "$(ip -o link | wc -l)" = "$interfaces_before" ]
	# and the others are as they were
	HOSTS=$hosts
	run -0 at right hostname
	assert_output right
}
