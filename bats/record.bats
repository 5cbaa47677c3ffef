#!/usr/bin/env bats
# The record ring, in one guest that record-guest keeps busy. The records are read
# by probe, word by word; the counts are compared to those of the kernel itself
# (/proc/PID/stat and status, wait4).

# bats file_tags=guest

load helpers

setup_file() { export seen; seen=$(guest record); }

setup() { cd "$seen" || return; }

# The columns of `probe records`:
# 1 sequence, 2 time_ns, 3 period_ns, 4 pid, 5 parent, 6 flags, 7 minor, 8 major,
# 9 cpu_ns, 10 rss, 11 swap, 12 peak_rss, 13 reserved, 14 name

# who NAME FILE - the PID that probe printed as NAME=PID
who() { sed -n "s/^$1=//p" "$2"; }

# recorded_exactly FILE - the records add up to what the kernel counted, which was something
recorded_exactly() {
	run -0 sed -n '1s/minor=\([0-9]*\) major=[0-9]*/\1/p' "$1"
	[ "$output" -ge "$(pages_of 4)" ]
	assert_equal "$1: $(awk '{ minor += $7; major += $8 }
		END { print "minor=" minor " major=" major }' "$1.records")" "$1: $(sed -n 1p "$1")"
	# nobody is left in the list
	assert_equal "$(tail -n 1 "$1")" 0
}

# lives_whole FILE - every process has one first and one last record, the last one
# with flags $2, and its periods join on to each other; nothing is missing between them
lives_whole() {
	run -0 awk -v last="$2" '
		{ n[$4]++; if ($13 != 0) print "reserved: " $0 }
		NR > 1 && $1 != sequence + 1 { print "sequence: " $0 } { sequence = $1 }
		$2 < now || $3 <= 0 { print "time: " $0 } { now = $2 }
		($6 % 2 == 1) != (n[$4] == 1) { print "first: " $0 }
		ended[$4] { print "after the last: " $0 }
		n[$4] > 1 && $2 - $3 != time[$4] { print "gap: " $0 }
		{ time[$4] = $2; ended[$4] = $6 >= 2; flags[$4] = $6 }
		END { for (pid in flags) if (flags[pid] - flags[pid] % 2 != last)
			print pid " ends with " flags[pid] }' "$1.records"
	assert_output ""
	[ -s "$1.records" ]
}

@test "the header describes the ring, and nothing else is in its page" {
	# 0x6d703372 is "mp3r"; ten minutes of 16 processes are 600 x 20 x 16 records
	assert_equal "$(cat header)" "magic=6d703372 version=1 header_bytes=4096 record_bytes=104 \
capacity=192000 head=0 period_ns=50000000 clock=1 page_bytes=$(($(page_kb) * 1024)) missed_children=0 reserved=0 behind=0"
	assert_equal "$(cat device)" /dev/mp3-records
}

@test "nobody can write to the record ring, and it ends where it ends" {
	assert_equal "$(cat refusals)" "$(printf '%s\n' 'read-write EACCES' 'write-only EACCES' \
		'map-writable EACCES' 'map-private EINVAL' 'map-whole ok' 'map-too-long EINVAL' \
		'mprotect EACCES' 'reopen EACCES' 'debug EIO' 'remap EFAULT')"
}

@test "a process is registered once, be it with its tree or without" {
	assert_equal "$(cat commands)" "$(printf '%s\n' 'tree ok' 'tree-again EEXIST' \
		'plain-after-tree EEXIST' 'unregister ok' 'plain ok' 'tree-after-plain EEXIST' \
		'unregister ok')"
}

@test "a command that fails changes nothing: the children of who was registered without stay out" {
	assert_equal "$(cat refused-tree)" "$(printf '%s\n' ok EEXIST 1 0)"
}

@test "another user's process is not registered with its tree" {
	assert_equal "$(cat other-user)" EPERM
}

@test "records add up to wait4's counts with 1, 8 and 64 threads, however the process ends" {
	for end in exit zombie kill exec; do
		for threads in 1 8 64; do
			recorded_exactly "$end-$threads"
			lives_whole "$end-$threads" 6
		done
	done
}

@test "records add up to the counts of /proc/PID/stat for a process that is unregistered" {
	for threads in 1 8 64; do
		recorded_exactly "unregister-$threads"
		lives_whole "unregister-$threads" 2
	done
}

@test "a process that exits within one sample period leaves one record, first and last" {
	# 4 MiB are 1024 faults and some milliseconds
	! slow_kernel || skip "in this kernel, they take longer than a period"
	assert_equal "$(wc -l < exit-1.records) $(cut -d ' ' -f 6 exit-1.records)" "1 7"
}

@test "a process that the OOM killer takes leaves its last record" {
	recorded_exactly oom
	lives_whole oom 6
	assert_equal "$(cat oom-killed)" "Out of memory: Killed process $(cut -d ' ' -f 4 oom.records | tail -n 1)"
}

@test "a record has the name of the program that the process runs" {
	assert_equal "$(awk '{ print $14 }' exit-64.records | uniq)" probe
	# of a hundredth of the storm's children it is `true`
	assert_equal "$(awk '{ print $14 }' storm.records | sort -u | paste -sd ' ')" "probe true"
}

@test "2000 children are each registered, and their records add up to wait4's counts" {
	recorded_exactly storm
	lives_whole storm 6
	run -0 awk -v root="$(who root storm)" '{ seen[$4] = $5 }
		END { for (pid in seen) if (seen[pid] == root) children++
			print children, seen[root] }' storm.records
	assert_output "2000 0"
}

@test "a child of fork, of vfork or of a thread has its parent's PID, a dead one's, too" {
	lives_whole family 6
	parents=$(awk '{ parent[$4] = $5 } END { for (p in parent) print p, parent[p] }' \
		family.records | sort)
	root=$(who root family)
	expected=$(
		echo "$root 0"
		for name in forked vforked threaded orphan; do echo "$(who $name family) $root"; done
		echo "$(who grandchild family) $(who orphan family)"
	)
	assert_equal "$parents" "$(echo "$expected" | sort)"
}

@test "an unregistered process keeps its registered children and gets no more" {
	assert_equal "$(cat unregistered-parent)" "$(printf '%s\n' ok ok 1 0)"
}

# From Linux 6.2 on, each CPU keeps to itself less than 32 pages of each of three kinds; /proc
# adds them up, we do not.
@test "RSS, swap and peak RSS at rest are those of /proc/PID/status, to within what mp3.h says" {
	apart=0
	[[ ${KERNEL:-6.1} =~ ^(5[.]|6[.]1(-|$)|rt|debug|kcsan) ]] || apart=$((3 * 32 * ${CPUS:-1}))
	for file in still swapped; do
		expected=$(awk -v kb="$(page_kb)" '/^VmRSS/ { r = $2 } /^VmSwap/ { s = $2 } /^VmHWM/ { p = $2 }
			END { print r / kb, s / kb, p / kb }' $file)
		# the last one is taken just after: what is swapped out late is out by then
		said=$(awk 'END { print $10, $11, $12 }' $file.records)
		echo "$file: $said, and in /proc $expected"
		run -0 awk -v apart=$apart '{ for (i = 1; i <= 3; i++) if ($i - $(i + 3) > apart || $(i + 3) - $i > apart) exit 1 }' \
			<<<"$said $expected"
	done
	# 100 MiB are resident, but for what a newer kernel swaps out early, and of 250 MiB in a
	# machine of 256 a part is not
	[ "$(awk 'END { print $10 + $11 }' still.records)" -gt $(($(pages_of 100) - 2 * apart)) ]
	[ "$(awk 'END { print $11 }' swapped.records)" -gt "$(pages_of 4)" ]
}

@test "the kernel's own counters are not changed" {
	for file in still swapped; do
		assert_equal "$(sed -n 's/^after: //p' $file)" "$(sed -n 's/^before: //p' $file)"
		assert_equal "$(awk '{ faults += $7 + $8 } END { print faults }' $file.records)" 0
	done
}

@test "the children for whom the table has no place are counted" {
	assert_equal "$(sed -n 1,2p small-table)" "$(printf '%s\n' ok 0)"
	assert_equal "$(sed -n 's/.*\(missed_children=[0-9]*\).*/\1/p' small-table)" missed_children=2
}

@test "a ring that came round holds the last records, all of them" {
	# ten seconds, less the time that registering takes
	head=$(sed -n 's/.*head=\([0-9]*\).*/\1/p' small-ring)
	[ "$head" -ge 190 ]
	[ "$head" -le 202 ]
	assert_equal "$(cut -d ' ' -f 1 small-ring.records)" "$(seq $((head - 100)) $((head - 1)))"
}

@test "room for nothing, or for more than any machine has, is refused and leaves nothing" {
	assert_equal "$(cat no-room)" "$(yes 'Invalid argument' | head -n 6; echo 0)"
}
