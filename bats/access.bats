#!/usr/bin/env bats
# Who may do what, tried by real users in one guest, which access-guest keeps busy.

# bats file_tags=guest

load helpers

setup_file() { export seen; seen=$(guest access); }

setup() { cd "$seen" || return; }

@test "the devices are root's alone until root opens them to others" {
	assert_equal "$(cat modes)" "$(printf '%s\n' crw------- crw-------)"
}

@test "a process is registered and unregistered by its own user and by root, and by no other" {
	# root's by a student; a student's by another, by itself; a registered student's by another
	assert_equal "$(sed -n 1,7p users | paste -sd ' ')" "EPERM EPERM EPERM ok EPERM EPERM EPERM"
}

@test "a process is its user's own if it is so in each of its roles" {
	# real, effective and saved user: one with root's rights, and one that can have them back
	assert_equal "$(cat half-privileged)" "$(printf '%s\n' '1000 0 0' EPERM '1000 1000 0' EPERM)"
}

@test "who opened the status file counts, and not who writes to it" {
	# a privileged program on a student's file; another student on root's, and root anew
	assert_equal "$(sed -n '8,$p' users | paste -sd ' ')" "EPERM ok ok 1 ok"
}

@test "in a PID namespace there are the processes of that namespace, and no others" {
	# R of one outside, from there; R of the namespace's first process; U and R of one outside; the list; the system's first process
	assert_equal "$(sed -n 1,6p namespace | paste -sd ' ')" "ok ok ESRCH ESRCH 1 0"
	# U of the one outside, from outside; and one PID more in the records, which is not 1
	assert_equal "$(sed -n '7,$p' namespace | paste -sd ' ')" "ok 1"
}

@test "the record ring cannot be written to by root or anybody, whatever its mode says" {
	expected=$(printf '%s\n' 'read-write EACCES' 'write-only EACCES' 'map-writable EACCES' \
		'map-private EINVAL' 'map-whole ok' 'map-too-long EINVAL' 'mprotect EACCES' \
		'reopen EACCES' 'debug EIO' 'remap EFAULT')
	assert_equal "$(cat refusals-root)" "$expected"
	assert_equal "$(cat refusals-student)" "$expected"
}

@test "what is stored in the profile buffer while it samples changes no count and no record" {
	# the columns of `probe records`: 2 time, 3 period, 4 pid, 7 minor, 8 major
	run -0 awk 'NR == 1 { first = $4 } $4 == first { minor += $7; major += $8 }
		END { print "minor=" minor " major=" major }' scribbled.records
	assert_output "$(cat scribbled)"
	# four threads with 16 MiB each
	[ "$(sed 's/minor=\([0-9]*\) .*/\1/' scribbled)" -ge "$(pages_of 64)" ]
	# the spinner's periods join on to each other
	run -0 awk 'NR == 1 { first = $4 } $4 == first { next }
		n++ && $2 - $3 != last { print "gap: " $0 } { last = $2 } END { print (n >= 40) }' scribbled.records
	assert_output 1
}

@test "the samples after a scribbler's are right" {
	run -0 awk '{ minor += $2; major += $3 } END { print "minor=" minor " major=" major }' after-scribble.data
	assert_output "$(cat after-scribble)"
}

@test "no page shows what memory held before" {
	# all words of the profile buffer are -1, all bytes of the ring are 0; and so those behind
	# the records that have been written since
	assert_equal "$(cat used-before)" "$(printf '%s\n' 'all=65536 ring=0 behind=0' 0 0)"
}

@test "a user fills his half of the table, and not the memory" {
	memory=$(sed -n 1p exhaust)
	[ "$memory" -gt 524288 ]
	# of four places, one is the shell's and one of a child; the others are counted; root finds a
	# place; and it has it still when they have ended. That, and 320 open files, have taken
	# no more memory
	assert_equal "$(sed 1d exhaust | paste -sd ' ')" \
		"ok 2 missed_children=9 ok $memory EEXIST $memory"
}
