#!/usr/bin/env bats
# The monitor on records, and with a command, in one guest that command-guest keeps
# busy. Counts are compared to those that wait4 gives to busybox's time.

# bats file_tags=guest

load helpers

setup_file() { export seen; seen=$(guest command); }

setup() { cd "$seen" || return; }

# state_of NAME STATUS - the monitor's exit status
state_of() { assert_equal "$(grep "^$1 " states)" "$1 $2"; }

# The columns of a summary:
# 1 PID, 2 parent, 3 minor, 4 major, 5 minor/s, 6 major/s, 7 CPU s, 8 CPU %,
# 9 peak RSS, 10 peak swap, 11 elapsed, 12 command
# processes SUMMARY - the lines of processes
processes() { grep -E '^ *[0-9]+ ' "$1"; }

@test "the exit status is the command's, or 128 and the signal that killed it" {
	state_of fine 0
	state_of failed 3
	state_of killed 137
	run -0 head -n 2 killed.summary
	assert_line "monitor: sh -c kill -KILL \$\$ (killed: Killed)"
}

@test "a command that is not there is 127, one that cannot be executed 126, without a summary" {
	state_of missing 127
	assert_equal "$(cat missing.said)" "monitor: ./nowhere: No such file or directory"
	state_of directory 126
	assert_equal "$(cat directory.said)" "monitor: /etc: Permission denied"
	[ ! -s missing.summary ]
}

@test "the files for the summary and the trace are emptied when the command has begun, and not before" {
	assert_equal "$(cat kept.why)" "$(printf '%s\n' 'monitor: ./nowhere: No such file or directory' 'exit 127')"
	assert_equal "$(cat kept.summary kept.trace)" "$(printf '%s\n' old old)"
	assert_equal "$(sed -n 2p emptied.summary)" "monitor: true"
	run -1 grep -xE '[0-9]+' emptied.summary
	run -0 jq -r '.traceEvents[] | select(.name == "exit") | .ph' emptied.trace
	assert_output i
	# standard error is not ours to be emptied
	assert_equal "$(sed -n 1p added.summary)" old
	assert_equal "$(sed -n 3p added.summary)" "monitor: true"
}

@test "the command has the monitor's standard input and output, and nothing else is there" {
	state_of input 0
	assert_equal "$(cat input)" "from stdin"
	assert_empty input.said
}

@test "a process's faults and peak RSS in the summary are those of wait4" {
	# time prints what wait4 says of the process that it forked, which is work
	run -0 awk '$12 == "work" { print $3, $4, $9 }' time.summary
	said=$(awk -F ': ' '/Minor/ { minor = $2 } /Major/ { major = $2 }
		/Maximum resident/ { peak = $2 } END { print minor, major, peak }' time.said)
	# a busybox before 1.37 takes the kilobytes of ru_maxrss for pages, and multiplies them by 4
	[ "$output" = "$said" ] || assert_output "${said% *} $((${said##* } / 4))"
	# 3000 touches of 5120 pages: 5120 (1 - (1 - 1/5120)^3000) = 2271 distinct ones
	[ "$(awk '$12 == "work" { print $3 }' time.summary)" -gt 2200 ]
}

@test "the total is the sum of the processes" {
	run -0 awk '/^ *[0-9]/ { n++; minor += $3; major += $4 } $1 == "total" { print $2 - n, $3 - minor, $4 - major }' \
		pipeline.summary
	assert_output "0 0 0"
}

@test "each process of a pipeline has its line, with the parent that forked it" {
	assert_equal "$(cat pipeline)" 1
	run -0 awk '/^ *[0-9]/ { names = names " " $12; if (NR == 4) root = $1; else if ($2 != root) print "not of root: " $0 }
		END { print names }' <(sed 1d pipeline.summary | cat <(echo) -)
	assert_output " sh cat wc"
}

@test "what outlives the command goes on, and is registered no longer" {
	assert_equal "$(cat listed)" 0
	assert_equal "$(wc -w < survivors)" 1
	run -0 awk -v pid="$(cat survivors)" '$1 == pid { print $12 }' survivor.summary
	assert_output sleep
}

@test "Ctrl-C ends the command, and the summary is still there" {
	assert_equal "$(cat interrupted)" "exit 130"
	run -0 cat interrupted.summary
	assert_line "monitor: sleep 100 (killed: Interrupt)"
	assert_equal "$(processes interrupted.summary | wc -l)" 1
}

@test "SIGTERM goes to the command" {
	assert_equal "$(cat terminated)" "exit 143"
	run -0 cat terminated.summary
	assert_line "monitor: sleep 100 (killed: Terminated)"
}

@test "where the monitor fails, the command is not begun, and the status is 125" {
	assert_equal "$(cat unwritable)" "$(printf '%s\n' 'monitor: /nowhere/file: No such file or directory' 'exit 125')"
	assert_equal "$(cat forbidden)" "$(printf '%s\n' 'monitor: /dev/mp3-records: Permission denied' 'exit 125')"
	assert_equal "$(cat unloaded)" \
		"$(printf '%s\n' 'monitor: /dev/mp3-records is not there: is the module loaded?' 'exit 125')"
	[ ! -e touched ]
}

@test "records are printed with a header row, in the words of the ring" {
	run -0 head -n 1 all.tsv
	assert_output "$(printf 'time_ns\tperiod_ns\tpid\tparent\tflags\tminor\tmajor\tcpu_ns\trss_kb\tswap_kb\tpeak_rss_kb\tcommand')"
	assert_equal "$(cat all.said)" "monitor: $(($(wc -l < all.tsv) - 1)) records"
	# from probe's words: pages of 4 KB, flags 1 first, 2 last, 4 exited
	run -0 awk -v OFS='\t' '{ flags = ($6 % 2 ? "f" : "-") (int($6 / 2) % 2 ? "l" : "-") ($6 >= 4 ? "e" : "-")
		print $2, $3, $4, $5, flags, $7, $8, $9, $10 * 4, $11 * 4, $12 * 4, $14 }' last.records
	assert_output "$(cat last.tsv)"
}

@test "records are followed until nobody is registered, and stay in the ring" {
	cmp <(tail -n 61 followed.tsv) <(tail -n 61 last.tsv)
	# three seconds, and the sample that finds the process dead
	run -0 awk -v pid="$(cat sleeper)" '$3 == pid { n++; flags = flags (n == 1 || $5 != "---" ? $5 : "") }
		END { print (n >= 60 && n <= 61), flags }' last.tsv
	assert_output "1 f---le"
}

@test "a follower that is overtaken says how many records it has missed, and fails" {
	read=$(($(wc -l < overtaken.tsv) - 1))
	head=$(sed -n 's/.*head=\([0-9]*\).*/\1/p' overtaken.header)
	assert_equal "$(cat overtaken.said)" "$(printf '%s\n' "monitor: $read records" \
		"monitor: $((head - read)) records were overwritten before they were read" 'exit 1')"
	[ "$read" -ge 30 ]
	[ "$read" -lt "$head" ]
}

# counters FILE - of its page faults: ns pid minor major
counters() {
	jq -r '.traceEvents[] | select(.ph == "C" and .name == "page faults") |
		[(.ts * 1000 | round), .pid, .args.minor, .args.major] | @tsv' "$1"
}

@test "a trace has the records, each at the begin of its period, and zeros at the end" {
	assert_equal "$(jq -r '.displayTimeUnit' followed.json)" ms
	assert_equal "$(counters followed.json)" "$(awk 'NR > 1 {
		printf "%.0f\t%d\t%d\t%d\n", $1 - $2, $3, $6, $7
		if ($5 ~ /l/) printf "%.0f\t%d\t0\t0\n", $1, $3 }' followed.tsv)"
	run -0 jq -r '.traceEvents[] | select(.ph == "C" and .name == "memory") | .args | "\(.rss_kb) \(.swap_kb)"' followed.json
	assert_output "$(awk 'NR > 1 { print $9, $10; if ($5 ~ /l/) print 0, 0 }' followed.tsv)"
	# to the hundredth; jq leaves no zeros behind what it has added up
	run -0 jq -r '.traceEvents[] | select(.ph == "C" and .name == "CPU") | .args["%"] + 0' followed.json
	assert_output "$(awk 'NR > 1 { print sprintf("%.2f", 100 * $8 / $2) + 0; if ($5 ~ /l/) print 0 }' followed.tsv)"
}

@test "a trace names each process, and tells its exit" {
	run -0 jq -r --argjson pid "$(cat sleeper)" \
		'.traceEvents[] | select(.pid == $pid and .ph != "C") | "\(.ph) \(.name) \(.args.name)"' followed.json
	assert_output "$(printf '%s\n' 'M process_name sleep' 'i exit null')"
}

@test "the trace of a command has its tree and nothing else, whatever a name is" {
	assert_equal "$(jq '[.traceEvents[].pid] | unique | .[]' tree.json)" \
		"$(processes tree.summary | awk '{ print $1 }' | sort -n)"
	run -0 jq -r '.traceEvents[] | select(.ph == "M") | .args.name' tree.json
	assert_line 'a"b\134\303\251'
	# faults of the summary
	assert_equal "$(counters tree.json | awk '{ minor += $3; major += $4 } END { print minor, major }')" \
		"$(awk '$1 == "total" { print $3, $4 }' tree.summary)"
}

@test "a trace is whole after Ctrl-C, and with no records" {
	assert_equal "$(tail -n 1 cut)" "exit 0"
	[ "$(counters cut.json | wc -l)" -ge 20 ]
	assert_equal "$(jq -c . empty.json)" '{"displayTimeUnit":"ms","traceEvents":[]}'
	assert_equal "$(cat empty.said)" "monitor: 0 records"
}

@test "a trace that cannot be written is an error, and one that cannot be made leaves the old" {
	assert_equal "$(cat no-trace)" "$(printf '%s\n' 'monitor: /nowhere/file: No such file or directory' 'exit 1' \
		'monitor: /nowhere/file: No such file or directory' 'exit 125')"
	assert_equal "$(cat full-trace)" "$(printf '%s\n' 'monitor: the trace: No space left on device' 'exit 1')"
	assert_equal "$(cat kept.json)" kept
	assert_equal "$(cat kept.said)" "$(printf '%s\n' 'monitor: /dev/mp3-records is not there: is the module loaded?' 'exit 1')"
}
