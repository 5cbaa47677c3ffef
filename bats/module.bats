#!/usr/bin/env bats
# The module, in one guest that module-guest keeps busy. What it leaves is looked at
# here, so each test is cheap. Counts are compared to those of the kernel itself
# (/proc/PID/stat, wait4), rates to the definition.

# bats file_tags=guest

load helpers

setup_file() { export seen; seen=$(guest module); }

setup() { cd "$seen" || return; }

# sum COLUMN FILE
sum() { awk -v c="$1" '{ s += $c } END { print s + 0 }' "$2"; }

# command_gave NAME RESULT - what came of the command of that name in module-guest
command_gave() { assert_equal "$1 $(awk -v n="$1" '$1 == n { print $2 }' commands)" "$1 $2"; }

# counted_exactly FILE - the samples add up to what the kernel counted of the process
counted_exactly() {
	assert_equal "minor=$(sum 2 "$1.data") major=$(sum 3 "$1.data")" "$(head -n 1 "$1")"
	# and it has left the list
	assert_equal "$(sed -n 2p "$1")" 0
	# and there was something to count
	[ "$(sum 2 "$1.data")" -ge "$(pages_of 4)" ]
}

@test "every word of the profile buffer is -1 when the module is loaded" {
	assert_equal "$(cat words-at-load)" "all=65536 ring=0 behind=0"
}

@test "the status file is empty at load, and anybody may read and write it" {
	assert_equal "$(cat mode)" 666
	assert_empty status-at-load
}

@test "a process is registered once and unregistered once" {
	command_gave unregister-unknown ENOENT
	command_gave register ok
	command_gave again EEXIST
	command_gave unregister ok
	command_gave unregister-again ENOENT
	command_gave list-after 0
}

@test "one newline may follow a command" {
	command_gave newline ok
	command_gave newline-undone ok
	command_gave two-newlines EINVAL
	command_gave two-commands EINVAL
}

@test "a process that does not exist is ESRCH" {
	for name in no-such no-such-unregister zero; do
		command_gave "$name" ESRCH
	done
}

@test "a kernel thread is a process like others" {
	command_gave kernel-thread ok
	command_gave kernel-thread-listed 1
	command_gave kernel-thread-undone ok
}

@test "text that is no command is EINVAL" {
	for name in negative plus huge lower no-space two-spaces hex no-number only-space \
		trailing word oversized page; do
		command_gave "$name" EINVAL
	done
}

@test "another user's process is neither registered nor unregistered" {
	assert_equal "$(cat other-user)" "$(printf '%s\n' EPERM EPERM 1 refused)"
}

@test "a user's process is registered by its own child shell" {
	assert_equal "$(cat own-child)" "$(printf 'R\nU')"
}

@test "PIDs are those of the PID namespace of who writes and reads" {
	assert_equal "$(cat namespace)" "$(printf 'ok\n1\nok')"
}

@test "500 processes are listed in the order of their registration, and leave when they die" {
	assert_equal "$(tr -s ' ' < many)" " 500 ok"
	assert_equal "$(cat many-listed)" 500
	assert_empty many-differ
	assert_equal "$(cat many-left)" 0
}

@test "as many processes are registered as max_processes says, the next is ENOSPC" {
	assert_equal "$(cat full)" "$(printf '%s\n' ok ok ENOSPC ok ok)"
}

@test "the buffer is mapped whole or in part, shared, and not beyond its end" {
	assert_equal "$(cat maps)" "$(printf '%s\n' 'whole ok' 'part ok' 'private EINVAL' \
		'too-long EINVAL' 'behind EINVAL' 'far EINVAL')"
}

@test "rmmod is refused while the device is open, and while it is only mapped" {
	for what in open map; do
		assert_equal "$what: $(sed 's/.*: //' "rmmod-$what")" \
			"$what: $(printf 'Resource temporarily unavailable\n/sys/module/mp3')"
	done
}

@test "nothing of the module is left after rmmod" {
	assert_empty traces-unloaded
	# and what is looked at would have shown it
	for trace in '245 mp3|[0-9]+ mp3' /proc/mp3 /dev/mp3 /sys/class/mp3 vmallocinfo kallsyms comm; do
		run -0 grep -E "$trace" traces-loaded
	done
}

@test "nothing of the module is left after rmmod with processes registered" {
	assert_empty traces-registered
}

@test "the sampler wakes up 20 times a second while a process is registered, and never else" {
	assert_equal "$(cat idle-waits)" 0
	# one second
	[ "$(cat busy-waits)" -ge 19 ]
	[ "$(cat busy-waits)" -le 22 ]
}

@test "samples add up to the kernel's own counts, for a process that is unregistered" {
	counted_exactly count-unregister-1
	counted_exactly count-unregister-8
}

@test "samples add up to wait4's counts, for a process that exits and is reaped at once" {
	counted_exactly count-exit-1
	counted_exactly count-exit-8
}

@test "samples add up to wait4's counts, for a process that is reaped late" {
	counted_exactly count-zombie-1
	counted_exactly count-zombie-8
}

@test "samples add up to wait4's counts, for a process that is killed" {
	counted_exactly count-kill-1
	counted_exactly count-kill-8
}

@test "samples add up to wait4's counts, for a process that executes another program" {
	counted_exactly count-exec-1
	counted_exactly count-exec-8
}

@test "samples add up to wait4's counts under memory pressure, major faults included" {
	counted_exactly count-pressure
	[ "$(sum 3 count-pressure.data)" -gt 1000 ]
}

@test "samples add up to the report of work, but for the faults of its own bookkeeping" {
	# Between its last getrusage and its unregistration work has still to run,
	# under pressure on pages that must come back first: those are some faults.
	for column in 2:minor 3:major; do
		reported=$(sed "s/.*${column#*:}=\([0-9]*\).*/\1/" pressure.work)
		sampled=$(sum "${column%:*}" pressure.data)
		echo "${column#*:}: work reports $reported, sampled $sampled"
		# there, the machine has memory enough for work
		[ "$reported" -gt 1000 ] || { slow_kernel && [ "$column" = 3:major ]; }
		[ "$sampled" -ge "$reported" ]
		[ "$sampled" -le $((reported + 20)) ]
	done
}

@test "three seconds of one CPU are 10000, within 1%, in every sample of them" {
	# the CPU has something else to do for some microseconds: to sample
	run -0 awk '{ cpu += $4 / 10000 / 20; full += $4 >= 9900 && $4 <= 10000 }
		END { print full; exit !(cpu > 2.95 && cpu < 3.05) }' spin.data
	[ "$output" -ge 59 ]
	# by the process's own clock
	assert_equal "$(cut -c 1-8 spin)" cpu_s=3.
	# the records are in nanoseconds of the process alone; the columns of `probe records` are
	# 3 period_ns, 9 cpu_ns, 14 name
	run -0 awk '{ cpu += $9; full += $9 >= 0.99 * $3 && $9 <= $3 } $14 != "probe"
		END { print full; exit !(cpu > 2.95e9 && cpu < 3.05e9) }' spin.records
	[ "$output" -ge 59 ]
}

@test "a sleeping process has no utilization" {
	# but for the end of its start
	most=10
	! slow_kernel || most=100
	run -0 awk -v most=$most 'NR > 1 { cpu += $4 } END { print cpu / NR; exit !(NR > 58 && cpu / NR < most) }' sleep.data
}

@test "the mean rate over 60 seconds is 20.00 Hz within 0.05" {
	# CONFIG_HZ is 250 in this kernel; a minute has 15000 jiffies.
	assert_equal "$(awk '$1 == "hz" { print $2 }' ../meta.tsv)" 250
	run -0 awk 'NR == 1 { start = $1 } $1 - start <= 15000 { n++; last = $1 }
		END { rate = (n - 1) / ((last - start) / 250); print rate
			exit !(last - start > 14900 && rate > 19.95 && rate < 20.05) }' followed.data
}

@test "no sample is more than a tick from its deadline in ten idle minutes" {
	# 50 ms are 12.5 ticks: 12 and 13 by turns
	run -0 awk 'NR > 1 && ($1 - last < 12 || $1 - last > 13) { bad++ } { last = $1 }
		END { print NR, bad + 0 }' ring.data
	assert_output "12000 0"
}

@test "the ring holds 12000 samples, and nothing stands behind it" {
	assert_equal "$(cat words-full)" "all=65536 ring=48000 behind=0"
	assert_equal "$(wc -l < ring.data)" 12000
	assert_equal "$(cat ring.data.said)" "monitor: 12000 samples"
}

@test "a ring that came round is printed oldest first" {
	run -0 sort -c -n -u -k 1,1 ring.data
	# all of the last ten minutes: 600 s of 250 jiffies, less a period
	run -0 awk 'NR == 1 { first = $1 } { last = $1 } END { print last - first }' ring.data
	[ "$output" -ge 149986 ]
	[ "$output" -le 149990 ]
}

@test "the monitor takes out of the buffer what it prints" {
	assert_equal "$(cat words-after-drain)" "all=65536 ring=0 behind=0"
	assert_equal "$(cat words-emptied)" "all=65536 ring=0 behind=0"
	assert_equal "$(wc -c < original-again.data)" 0
	assert_equal "$(cat original-monitor-again)" "monitor: 0 samples"
}

@test "the monitor that follows eleven minutes loses no sample, and ends" {
	# 660 s and the sample that finds the process dead, less what it takes to register it
	samples=$(wc -l < followed.data)
	echo "$samples samples"
	least=13200
	! slow_kernel || least=13190
	[ "$samples" -ge $least ]
	[ "$samples" -le 13201 ]
	assert_equal "$(cat followed.said)" "monitor: $samples samples"
	run -0 awk 'NR > 1 && $1 - last > 13 { bad++ } { last = $1 } END { print bad + 0 }' followed.data
	assert_output 0
}

@test "the monitor says in one line that it may not open the device" {
	assert_equal "$(cat monitor-no-permission)" \
		"$(printf 'monitor: /dev/mp3: Permission denied\nexit 1')"
}

@test "the original usage works to the letter" {
	run -0 grep -cE '^ *[0-9]+ mp3$' original-devices
	assert_output 1
	assert_equal "$(wc -l < original-status)" 2
	# 24 MB are W = 6144 pages. 100,000 random touches leave out none of them (W e^-16),
	# 20,000 touch 5907 of them, W (1 - (1 - 1/W)^20000), with a deviation of 14.
	pages=$(pages_of 24)
	run -0 grep -c "distinct=$pages " original-work1
	distinct=$(sed 's/.*distinct=\([0-9]*\).*/\1/' original-work2)
	echo "$distinct distinct pages"
	run -0 awk -v w="$pages" -v is="$distinct" 'BEGIN {
		due = w * (1 - (1 - 1 / w) ^ 20000); print due; exit !(is > due - 57 && is < due + 57) }'
	# each of them a minor fault
	run ! grep -vE '^[0-9]+ [0-9]+ [0-9]+ [0-9]+$' original.data
	[ "$(sum 2 original.data)" -ge $((pages + distinct)) ]
	assert_equal "$(cat original-monitor)" "monitor: $(wc -l < original.data) samples"
}

@test "an ordinary user reads through a node that root has opened to all" {
	assert_equal "$(cat student-monitor)" "monitor: 0 samples"
}

@test "multiprogramming.sh runs as many copies as it is told, and profiles them all" {
	assert_equal "$(grep -c '^work: pid=' multiprogramming.work)" 2
	assert_equal "$(sed 's/.*seed=\([0-9]*\).*/\1/' multiprogramming.work | sort -u | wc -l)" 2
	# two iterations of 10,000 touches each take W (1 - (1 - 1/W)^20000) of 200 MB, 51,200 pages where these have 4 KB
	distinct=$(sed 's/.*distinct=\([0-9]*\).*/\1/' multiprogramming.work | paste -sd +)
	[ "$(sum 2 multiprogramming.data)" -ge $((distinct)) ]
	[ $((distinct)) -gt $(($(pages_of 400) * 5 / 16)) ]
}

@test "work that is terminated unregisters itself, and dies of the signal" {
	assert_equal "$(tail -n 2 work-term)" "$(printf 'exit 143\n0')"
}

@test "work without enough memory says so and is not registered" {
	assert_equal "$(cat work-memory)" \
		"$(printf '%s\n' 'work: 64 MB of memory: Cannot allocate memory' 'exit 1' 0)"
}
