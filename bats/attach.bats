#!/usr/bin/env bats
# Profilers that attach by an open file, several of them, and how they end; who sees what of
# it; and how one waits. In one guest, which attach-guest keeps busy. What a process has
# faulted is said by /proc/PID/stat.

# bats file_tags=guest

load helpers

setup_file() { export seen; seen=$(guest attach); }

setup() { cd "$seen" || return; }

@test "what a profiler is attached to is let go of when it is killed, its tree as well" {
	# two attached, one of them registered by R, too, and a tree of three; without the tree;
	# and without the other profiler
	assert_equal "$(paste -sd ' ' killed)" "ok ok ok ok 5 2 0 1 ok 0"
}

@test "R and U do not end an attachment, nor the death of a profiler what R has registered" {
	assert_equal "$(paste -sd ' ' apart)" "ok ok EEXIST ok ENOENT 1 ok 1 ok"
}

@test "an attachment lasts as long as its file is open or mapped by anybody" {
	assert_equal "$(paste -sd ' ' kept)" "1 0 1 0"
}

@test "monitor in monitor, and work in both, count the same faults" {
	assert_equal "$(sed -n '$p' nested)" 0
	run -1 grep registered nested
	run -0 sed -n '/^[0-9]* [0-9]*$/p' nested
	assert_equal ${#lines[@]} 2
	assert_equal "${lines[1]}" "${lines[0]}"
	faults=${lines[0]}
	# the pages that work has touched, and the faults of a program's start
	run -0 sed -n 's/.*distinct=\([0-9]*\).*/\1/p' nested
	assert [ "${faults% *}" -gt "$output" ]
}

@test "whoever has registered a process can unregister it, whatever it has become since" {
	assert_equal "$(paste -sd ' ' setuid-child)" "ok ok 1 EPERM ok 0"
}

@test "who has not registered another user's process cannot attach to it, nor to what is none" {
	run -0 cat refusals
	assert_output - <<-END
		flags EINVAL
		reserved EINVAL
		buffer ENOTTY
		another-call ENOTTY
		no-such ESRCH
		zero ESRCH
		negative ESRCH
		zombie ESRCH
		other EPERM
		not-attached ENOENT
		attach ok
		again EEXIST
		tree-detach EINVAL
		detach ok
		detach-again ENOENT
		bad-pointer EFAULT
	END
}

@test "each of three profilers of one process counts what it faulted while that one was there" {
	run -0 sed -n 's/^recorded //p' shared
	recorded=$output
	assert_equal "$recorded" "$(sed -n 's/^counted //p' shared)"
	# 2, 3 and 3 parts of 8 MiB
	run -0 sed -n 's/minor=\([0-9]*\) .*/\1/p' <<<"$recorded"
	for i in 0 1 2; do
		parts=$((i ? 3 : 2))
		assert [ "${lines[i]}" -ge "$(pages_of $((parts * 8)))" ]
		assert [ "${lines[i]}" -le $(($(pages_of $((parts * 8))) + 200)) ]
	done
}

@test "in a PID namespace, attaching tells by which number records name a process" {
	assert_equal "$(cat namespace)" "pid=1 other_id=1 recorded=1"
}

@test "where /proc hides others' processes, so does the status file, but from root and from gid=" {
	# lines that a student sees, of them that of its own process; and lines that root sees
	assert_equal "$(cat hidden)" "$(printf '%s\n' '0: 2 1 2' '1: 1 1 2' '2: 1 1 2' '4: 1 1 2' '2,gid=1000: 2 1 2')"
}

@test "read(2) waits for the first registration, and for each sample; poll(2) and epoll take nothing away" {
	run -0 cat waits
	assert_output - <<-END
		nobody: hup
		nobody, not waiting: EAGAIN
		short: EINVAL
		first: ok
		next: 1
		unread: in in
		epoll: 1 1
		read: nothing 0
		epoll, later: 1
		ended: inhup
		ended, read: hup
	END
}

@test "a process that dies while the list is read in parts hides no other one" {
	assert_equal "$(cat entries)" "done"
}

@test "the buffer is as many of this machine's pages as the ABI says" {
	assert_equal "$(cat page)" ok
}

@test "nothing is registered afterwards" {
	assert_equal "$(cat left)" 0
}
